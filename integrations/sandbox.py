"""Serves every System's sandbox on loopback, each under its slug: http://127.0.0.1:8001/cms/...

A sandbox is a module with Django views; they see no database, no session and no middleware.
Faults can be switched on for each of them, see `faults.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest
from django.urls import ResolverMatch, URLPattern, URLResolver, include, path

from integrations import faults, systems

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Account:
    """What a service needs to speak to a System's sandbox."""

    base_url: str
    options: Mapping[str, Any]
    secrets: Mapping[str, str]


def account(slug: str, address: str) -> Account:
    """By the sandbox's own `OPTIONS` and `SECRETS`, as far as it has them; “{base_url}” in an option is filled in.

    `OPTIONS` may be a function, for a sandbox that must make something first.

    Args:
        address: where the sandboxes are served.
    """
    base_url, module = f"{address}/{slug}", systems.get(slug).module("sandbox")
    declared = getattr(module, "OPTIONS", {})
    options = {
        name: value.replace("{base_url}", base_url) if isinstance(value, str) else value
        for name, value in (declared() if callable(declared) else declared).items()
    }
    return Account(base_url, options, getattr(module, "SECRETS", {}))


class SandboxHandler(WSGIHandler):
    """Django's request handling with the sandboxes' addresses and nothing around it."""

    def load_middleware(self, is_async: bool = False) -> None:  # noqa: ARG002 - Django's signature
        """No middleware: the view's answer is the answer, unless a fault is switched on."""
        self._view_middleware: list[object] = []
        self._template_response_middleware: list[object] = []
        self._exception_middleware: list[object] = []
        self._middleware_chain = convert_exception_to_response(
            faults.with_faults(self._get_response)  # type: ignore[attr-defined]  # not in the stubs
        )

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Look among the sandboxes, not among the console's pages."""
        request.urlconf = __name__  # where Django reads it
        return super().resolve_request(request)


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _QuietHandler(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Every request is in the call log already."""


def server(port: int) -> WSGIServer:
    """A server that is bound and ready to `serve_forever`; port 0 takes a free one."""
    bound = _Server((HOST, port), _QuietHandler)
    bound.set_app(SandboxHandler())
    return bound


def _patterns() -> list[URLPattern | URLResolver]:
    with_sandbox = [s for s in systems.all_systems() if find_spec(f"integrations.systems.{s}.sandbox")]
    sandboxes = [path(f"{slug}/", include(f"integrations.systems.{slug}.sandbox")) for slug in with_sandbox]
    return [path("_faults/<slug:slug>/", faults.control), *sandboxes]


urlpatterns = _patterns()
