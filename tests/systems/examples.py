"""What a System's own tests, tests/systems/test_<slug>.py, tell the contract: how else it may be set up, what it sends.

`VARIANTS` has a `Variant` by name, for a System that speaks to several products or in several ways. `WRITES` has a
`Write` by the name of each operation that is sent with another method than GET. Both may be left out where there are none.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest

from integrations import credentials, sandbox, systems
from integrations.models import Service
from integrations.systems.auth import ClientCredentials, JwtBearer, SessionToken, kind_of
from integrations.systems.base import System
from tests.source import APP, modules

SENDING = {"POST", "PUT", "PATCH", "DELETE"}
LIMIT = 1000  # calls a second: a vendor's own would keep the tests waiting


@dataclass(frozen=True)
class Write:
    """One operation that is sent with another method than GET, or changes something with GET.

    Attributes:
        method: of the request that answers are spoilt of; what prepares it and tidies up has others, or comes later.
        run: does it at the sandbox, with a client, as often as one likes, and leaves things as they were.
        once: it is never sent twice by itself, since the first may have arrived.
        options: of the service, beside those of the sandbox.
    """

    method: str
    run: Callable[[Any], object]
    once: bool
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Variant:
    """Another way to set up a service at the sandbox.

    Attributes:
        options, secrets: beside those of the sandbox.
        path: below the address of the sandbox.
    """

    options: Mapping[str, Any] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    path: str = ""


@dataclass(frozen=True)
class Setup:
    """A System that speaks HTTP, in one of the ways it may be set up."""

    system: System
    name: str
    variant: Variant = field(default_factory=Variant)

    def service(self, sandbox_url: str, number: int) -> Service:
        """A new one, which keeps bodies and has no vendor's limit to wait for."""
        account, slug = sandbox.account(self.system.slug, sandbox_url), self.system.slug
        made = Service.objects.create(
            slug=f"{slug}-{number}",
            name=self.name,
            system=slug,
            base_url=account.base_url + self.variant.path,
            options={**account.options, **self.variant.options},
            per_second=LIMIT,
            body_policy="always",
        )
        for name, secret in self.secrets.items():
            credentials.store(made, name, secret)
        return made

    @property
    def secrets(self) -> Mapping[str, str]:
        """By field."""
        return {**sandbox.account(self.system.slug, "").secrets, **self.variant.secrets}

    @property
    def signs_in(self) -> bool:
        """Whether it is let in by a token that is obtained first."""
        options = {**sandbox.account(self.system.slug, "").options, **self.variant.options}
        return isinstance(kind_of(self.system, options), ClientCredentials | JwtBearer | SessionToken)

    def end_sessions(self) -> None:
        """Have the sandbox forget whom it let in."""
        slug, forget = self.system.slug, getattr(self.system.module("sandbox"), "end_sessions", None)
        assert forget, f"Write end_sessions() in integrations/systems/{slug}/sandbox.py: it forgets every token."
        forget()


def setups() -> list[Setup]:
    """Of every System, first as its sandbox's OPTIONS say."""
    found = []
    for system in systems.all_systems().values():
        # A legacy database is spoken to otherwise, and fails otherwise.
        if getattr(system, "transport", "http") == "http":
            found += [Setup(system, system.slug)]
            found += [Setup(system, f"{system.slug}-{name}", each) for name, each in _told(system, "VARIANTS").items()]
    return found


def writes(system: System) -> Mapping[str, Write]:
    return _told(system, "WRITES")


def _told(system: System, name: str) -> Mapping[str, Any]:
    module = f"tests.systems.test_{system.slug}"
    told: Mapping[str, Any] = getattr(import_module(module), name, {}) if find_spec(module) else {}
    return told


def each_setup() -> list[Any]:
    return [pytest.param(setup, id=setup.name) for setup in setups()]


def each_stream(*, signs_in: bool = False) -> list[Any]:
    """With the setup; of those alone that are signed in to, where that is asked for."""
    wanted = [setup for setup in setups() if setup.signs_in or not signs_in]
    found = [(setup, stream) for setup in wanted for stream in setup.system.streams]
    return [pytest.param(setup, stream, id=f"{setup.name}-{stream.name}") for setup, stream in found]


def each_write() -> list[Any]:
    """With the setup and the name of the operation."""
    plain = [setup for setup in setups() if setup.name == setup.system.slug]
    found = [(setup, *case) for setup in plain for case in writes(setup.system).items()]
    return [
        pytest.param(replace(setup, variant=Variant(write.options)), name, write, id=f"{setup.name}-{name}")
        for setup, name, write in found
    ]


def sent_operations(system: System) -> set[str]:
    """Operations of its client that are sent with another method than GET, by the calls that name both as texts."""
    folder = APP / "systems" / system.slug
    sources = [path.read_text() for path in modules(folder) if not path.stem.startswith(("sandbox", "webhook"))]
    calls = (node for source in sources for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    texts = ([each.value for each in call.args if isinstance(each, ast.Constant)] for call in calls)
    return {_operation(each) for each in texts if SENDING.intersection(each)} - {"", "check_health"}


def _operation(texts: Sequence[object]) -> str:
    return next((text for text in texts if isinstance(text, str) and text.isidentifier() and text.islower()), "")
