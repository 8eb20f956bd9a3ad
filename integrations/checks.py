"""System checks: what would lose work or open a door stops the start, with a hint."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any

from django.conf import settings
from django.core import checks

from integrations import keyring, systems
from integrations.systems.auth import kind_of
from integrations.systems.base import System
from integrations.systems.given import Given
from integrations.systems.receiving_options import OPTIONS as RECEIVING
from integrations.transport.auth import Auth
from integrations.transport.sign_in import SignIn

MARGIN_S = 60


@checks.register()
def queue_is_safe(**_: Any) -> list[checks.CheckMessage]:
    """Settings of the queue under which a task is neither lost nor run twice at a time."""
    q: dict[str, Any] = settings.Q_CLUSTER
    # A task's lock starts when it is fetched, so it must outlast its wait in the worker's memory too.
    rounds = 1 + math.ceil((q["queue_limit"] + q["bulk"]) / q["workers"])
    needed = q["timeout"] * rounds + MARGIN_S
    wrong = [
        (q.get("orm") != "default", "E001", "must use the ORM broker on the default database", "orm: default"),
        (
            q.get("broker_class") != "integrations.queue.Broker",
            "E002",
            "must run allowed tasks only",
            "broker_class: integrations.queue.Broker",
        ),
        (q["retry"] < needed, "E003", f"would run tasks twice: retry is {q['retry']} s", f"retry: at least {needed}"),
        (q.get("catch_up") is not False, "E004", "would run the tick many times after a pause", "catch_up: False"),
        (q.get("save_limit") != -1, "E005", "would keep results, which slows every task down", "save_limit: -1"),
        (q.get("ack_failures") is not True, "E006", "would retry failed tasks for ever", "ack_failures: True"),
        (q.get("max_attempts") != 1, "E007", "would retry what our own rows retry", "max_attempts: 1"),
        (q.get("sync", False), "E008", "would run tasks inside requests", "sync: leave it out"),
    ]
    return [_error(code, f"Q_CLUSTER {text}.", f"Set {hint}.") for bad, code, text, hint in wrong if bad]


@checks.register()
def cache_is_shared(**_: Any) -> list[checks.CheckMessage]:
    """A cache of one process would hide the queue's statistics and make thumbnails again and again."""
    backend = settings.CACHES["default"]["BACKEND"]
    if backend.endswith(("LocMemCache", "DummyCache")):
        return [_error("E010", "The cache is not shared between processes.", "Use the database cache or Redis.")]
    return []


@checks.register()
def secrets_can_be_kept(**_: Any) -> list[checks.CheckMessage]:
    """No error, since a console without its keys can still be looked at and mended."""
    if keyring.has_keys():
        return []
    text, hint = "No secret of any service can be read or stored.", "Set CREDENTIAL_KEYS, see .env.example."
    return [checks.Warning(text, hint=hint, id="integrations.W011")]


@checks.register()
def systems_are_whole(**_: Any) -> list[checks.CheckMessage]:
    """Every System can be loaded and brings what it declares."""
    return [problem for system in systems.all_systems().values() for problem in _problems_of(system)]


def _problems_of(system: System) -> Sequence[checks.CheckMessage]:
    wanted = [("client", "Client")]
    wanted += [("streams", stream.name) for stream in system.streams]
    wanted += [("webhook", name) for name in ("sender", "identify", "handle", "touches") if system.receives_webhooks]
    return [
        _error("E020", f"integrations/systems/{system.slug}/{module}.py has no {name}.", "Write it, or declare less.")
        for module, name in wanted
        if not _has(system, module, name)
    ]


@checks.register()
def systems_can_sign_in(**_: Any) -> list[checks.CheckMessage]:
    """What a System says of signing in names options and secrets that it declares, whatever staff choose."""
    return [
        _error("E021", f"integrations/systems/{slug}/__init__.py: auth cannot be used ({problem}).", "Correct it.")
        for slug, system in systems.all_systems().items()
        for problem in sorted(_problems_of_auth(system))
    ]


def _problems_of_auth(system: System) -> set[str]:
    names, secrets = {option.name for option in system.options}, {secret.name for secret in system.secrets}
    problems = {f"{name} is an option and a secret" for name in names & secrets}
    for options in _combinations(system):
        given = Given("https://service.example", {**dict.fromkeys(names, "x"), **options}, dict.fromkeys(secrets, "x"))
        try:
            how = kind_of(system, options).signing(given)
            if isinstance(how, SignIn):
                how.compile()
            if system.untrusted_urls and type(how) is not Auth:
                problems.add("strangers choose where it is sent")
        except KeyError as error:
            problems.add(f"there is no option or secret {error}")
        except (ValueError, IndexError) as error:
            problems.add(str(error))
    return problems


def _combinations(system: System) -> Iterator[dict[str, str]]:
    asked = [option for option in system.options if option.choices and option not in RECEIVING]
    choices = {option.name: [value for value, _ in option.choices] for option in asked}
    for values in product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def _has(system: System, module: str, name: str) -> bool:
    try:
        return hasattr(system.module(module), name)
    except ModuleNotFoundError:
        return False


def _error(code: str, message: str, hint: str) -> checks.CheckMessage:
    return checks.Error(message, hint=hint, id=f"integrations.{code}")
