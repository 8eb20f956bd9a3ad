"""What would lose work or open a door stops the start."""

from __future__ import annotations

from typing import Any

import pytest
from django.core import checks as django_checks
from pytest_django import Settings

from integrations import checks, systems
from integrations.systems.auth import (
    ApiKey,
    Basic,
    Bearer,
    ClientCredentials,
    Dead,
    JwtBearer,
    NoAuth,
    Reading,
    SessionToken,
)
from integrations.systems.base import Option, SecretField, StreamSpec, System
from tests.peers import guarded


def test_our_own_settings_are_fine() -> None:
    assert [found for found in django_checks.run_checks() if (found.id or "").startswith("integrations.")] == []


BAD: list[tuple[str, dict[str, Any]]] = [
    ("E001", {"orm": "other"}),
    ("E001", {"orm": None}),
    ("E002", {"broker_class": "django_q.brokers.orm.ORM"}),
    ("E002", {"broker_class": None}),
    ("E003", {"retry": 120}),
    ("E003", {"queue_limit": 100}),
    ("E003", {"timeout": 600}),
    ("E004", {"catch_up": True}),
    ("E004", {"catch_up": None}),
    ("E005", {"save_limit": 250}),
    ("E005", {"save_limit": 0}),
    ("E006", {"ack_failures": False}),
    ("E007", {"max_attempts": 0}),
    ("E008", {"sync": True}),
]


@pytest.mark.parametrize(("code", "changed"), BAD)
def test_a_setting_of_the_queue_that_loses_or_doubles_work_is_an_error(
    settings: Settings, code: str, changed: dict[str, Any]
) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, **changed}
    (found,) = checks.queue_is_safe()
    assert found.id == f"integrations.{code}"
    assert found.is_serious()
    assert found.msg.endswith(".")
    assert found.hint
    assert next(iter(changed)) in found.msg + found.hint or code == "E003"


def test_the_hint_about_retry_is_enough(settings: Settings) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": 1}
    hint = checks.queue_is_safe()[0].hint or ""
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "retry": int("".join(filter(str.isdigit, hint)))}
    assert checks.queue_is_safe() == []


@pytest.mark.parametrize("workers", [2, 3, 64])
def test_any_number_of_workers_from_two_on_is_safe(settings: Settings, workers: int) -> None:
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "workers": workers}
    assert checks.queue_is_safe() == []


@pytest.mark.parametrize("name", ["locmem.LocMemCache", "dummy.DummyCache"])
def test_a_cache_of_one_process_is_an_error(settings: Settings, name: str) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{name}"}}
    (found,) = checks.cache_is_shared()
    assert (found.id, bool(found.hint)) == ("integrations.E010", True)


@pytest.mark.parametrize("name", ["db.DatabaseCache", "redis.RedisCache"])
def test_a_shared_cache_is_fine(settings: Settings, name: str) -> None:
    settings.CACHES = {"default": {"BACKEND": f"django.core.cache.backends.{name}"}}
    assert checks.cache_is_shared() == []


def declared(slug: str, **values: Any) -> System:
    return System(slug=slug, label="Declared", docs_url="https://example.org/", **values)


@pytest.mark.parametrize(
    ("system", "missing"),
    [
        (declared("hollow"), ["hollow/client.py has no Client"]),
        (declared("cms", streams=(StreamSpec("comments", "", "Essay"),)), ["cms/streams.py has no comments"]),
        (
            declared("cms", receives_webhooks=True),
            [f"cms/webhook.py has no {name}" for name in ("sender", "identify", "handle", "touches")],
        ),
    ],
)
def test_a_system_that_declares_what_it_does_not_bring_is_reported(
    system: System, missing: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(systems, "all_systems", lambda: {system.slug: system})
    found = checks.systems_are_whole()
    assert [each.msg for each in found] == [f"integrations/systems/{text}." for text in missing]
    assert {(each.id, each.hint) for each in found} == {("integrations.E020", "Write it, or declare less.")}


HAS = {"options": (Option("user", "User"), Option("way", "Way", kind="choice", choices=(("a", "A"), ("b", "B"))))}
HAS_SECRET = {**HAS, "secrets": (SecretField("token", "Token"),)}
WRONG_AUTH = [
    (Bearer("tokn"), "there is no option or secret 'tokn'"),
    (ApiKey("tokn", query="key"), "there is no option or secret 'tokn'"),
    (Basic("usr", "token"), "there is no option or secret 'usr'"),
    (ClientCredentials("user", "tokn", "/token"), "there is no option or secret 'tokn'"),
    (ClientCredentials("user", "token", "/{tenant}/token"), "there is no option or secret 'tenant'"),
    (ClientCredentials("user", "token", "/t", form={"scope": "{scope}"}), "there is no option or secret 'scope'"),
    (JwtBearer("user", "user", "audience", "token", "/t"), "there is no option or secret 'audience'"),
    (SessionToken("/in", ("usr",)), "there is no option or secret 'usr'"),
    (SessionToken("/in", (), {"u": "{usr}"}), "there is no option or secret 'usr'"),
    (SessionToken("/in", (), log_out="DELETE /{db}/{token}"), "there is no option or secret 'db'"),
    (SessionToken("/in", (), basic=Basic("user", "pw")), "there is no option or secret 'pw'"),
    (lambda options: Bearer("tokn") if options["way"] == "b" else NoAuth(), "there is no option or secret 'tokn'"),
]


@pytest.mark.parametrize(("auth", "problem"), WRONG_AUTH)
def test_a_name_that_is_not_declared_is_reported(auth: Any, problem: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made = declared("odd", auth=auth, **HAS_SECRET)
    monkeypatch.setattr(systems, "all_systems", lambda: {"odd": made})
    (found,) = checks.systems_can_sign_in()
    assert (found.id, found.msg) == (
        "integrations.E021",
        f"integrations/systems/odd/__init__.py: auth cannot be used ({problem}).",
    )


@pytest.mark.parametrize(
    "auth",
    [SessionToken("/in", (), reading=Reading("a..b")), SessionToken("/in", (), dead=Dead(code="[")), Bearer("t")],
)
def test_a_path_that_is_none_or_a_name_that_is_used_twice_is_reported(
    auth: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    named_twice = {"options": (Option("t", "T"),), "secrets": (SecretField("t", "T"),)}
    made = declared("odd", auth=auth, **(named_twice if isinstance(auth, Bearer) else {}))
    monkeypatch.setattr(systems, "all_systems", lambda: {"odd": made})
    assert [found.id for found in checks.systems_can_sign_in()] == ["integrations.E021"]


def test_what_strangers_choose_is_never_signed(monkeypatch: pytest.MonkeyPatch) -> None:
    made = declared("odd", auth=Bearer("token"), untrusted_urls=True, **HAS_SECRET)
    monkeypatch.setattr(systems, "all_systems", lambda: {"odd": made})
    (found,) = checks.systems_can_sign_in()
    assert "strangers choose where it is sent" in found.msg


@pytest.mark.parametrize("kind", [guarded.CLIENT, guarded.ASSERTION, guarded.SESSION])
def test_what_is_declared_in_full_is_fine(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(systems, "all_systems", lambda: {"cms": guarded.system(kind)})
    assert checks.systems_can_sign_in() == []


def test_no_key_for_secrets_is_a_warning_and_stops_nothing(settings: Settings) -> None:
    assert checks.secrets_can_be_kept() == []
    settings.CREDENTIAL_KEYS = ()
    (found,) = checks.secrets_can_be_kept()
    assert (found.id, found.is_serious(), bool(found.hint)) == ("integrations.W011", False, True)
