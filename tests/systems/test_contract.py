"""The contract, run over every System there is."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec
from itertools import pairwise
from urllib.parse import urlsplit

import pytest

from integrations import ops, sandbox, systems, tasks
from integrations.models import Call, HealthCheck, Service
from integrations.sync.engine import synced_model
from integrations.systems.base import Item, Option, SecretField, StreamSpec, System
from integrations.systems.deliveries import Refused
from integrations.systems.fixed_auth import NoAuth
from tests.source import APP, imports, imports_of, modules
from tests.systems import contract

FOLDERS = sorted(path.parent.name for path in (APP / "systems").glob("*/__init__.py"))


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_is_a_system_of_that_slug(folder: str) -> None:
    assert systems.get(folder).slug == folder
    assert {slug for slug, _ in systems.choices()} == set(FOLDERS)


@pytest.mark.parametrize("system", contract.each_system())
def test_a_system_says_who_it_is(system: System) -> None:
    assert system.label.strip()
    assert urlsplit(system.docs_url).scheme == "https"
    assert urlsplit(system.base_url).scheme in {"", "https"}
    assert len(system.slug) <= 50


@pytest.mark.parametrize("system", contract.each_system())
def test_names_are_used_once_and_secrets_have_fields(system: System) -> None:
    for named in (system.options, system.secrets, system.streams):
        found = [each.name for each in named]
        assert len(found) == len(set(found))


@pytest.mark.parametrize("system", contract.each_system())
def test_every_system_can_have_a_client_certificate(system: System) -> None:
    assert [secret.name for secret in system.secrets].count("client_certificate") == 1


@pytest.mark.parametrize("system", contract.each_system())
def test_nothing_secret_goes_where_strangers_say(system: System) -> None:
    assert not (system.untrusted_urls and not isinstance(system.auth, NoAuth))


@pytest.mark.parametrize("system", contract.each_system())
def test_what_counts_with_some_choices_alone_names_choices_there_are(system: System) -> None:
    choices = {option.name: {value for value, _ in option.choices} for option in system.options if option.choices}
    declared: list[Option | SecretField] = [*system.options, *system.secrets]
    for each in declared:
        for name, values in each.when.items():
            assert set(values) < choices[name], each.name
            assert name != each.name


@pytest.mark.parametrize("option", contract.each_option())
def test_an_option_has_a_default_of_its_kind(option: Option) -> None:
    assert option.label.strip()
    assert contract.default_fits(option)
    assert bool(option.choices) is (option.kind == "choice")


@pytest.mark.parametrize(
    "bad",
    [
        Option("n", "N", kind="integer", default=0, minimum=1),
        Option("n", "N", kind="integer", default="5"),
        Option("n", "N", kind="choice", default="c", choices=(("a", "A"),)),
        Option("n", "N", kind="boolean", default="yes"),
        Option("n", "N", required=True),
    ],
)
def test_a_default_of_another_kind_would_be_noticed(bad: Option) -> None:
    assert not contract.default_fits(bad)


@pytest.mark.parametrize("system", contract.each_system())
def test_declared_modules_are_there(system: System) -> None:
    wanted = {"client": ["Client"], "sandbox": ["urlpatterns"]}
    wanted |= {"streams": [stream.name for stream in system.streams]} if system.streams else {}
    wanted |= {"webhook": ["sender", "identify", "handle", "touches"]} if system.receives_webhooks else {}
    for module, names in wanted.items():
        assert [name for name in names if getattr(system.module(module), name, None) is None] == []
    for module in {"client", "streams", "webhook", "sandbox"} - wanted.keys():
        assert find_spec(f"integrations.systems.{system.slug}.{module}") is None, f"{module}.py is declared nowhere"


@pytest.mark.parametrize("system", contract.each_system())
def test_its_sandbox_is_served(system: System) -> None:
    assert f"{system.slug}/" in {str(pattern.pattern) for pattern in sandbox.urlpatterns}


@pytest.mark.parametrize(("system", "stream"), contract.each_stream())
def test_a_stream_is_read_to_the_end_and_every_item_once(
    db: None, sandbox_url: str, system: System, stream: StreamSpec
) -> None:
    with contract.client_of(contract.service_of(system, sandbox_url)) as client:
        pages = list(contract.read(system, stream, client, {}))
    found = contract.ids(pages)
    assert found
    assert all(found)
    assert len(found) == len(set(found))
    assert {page.total for page in pages} <= {None, len(found)}
    fields = set(synced_model(stream.model).synced_fields)
    for item in (item for page in pages for item in page.items):
        assert isinstance(item, Item)
        assert item.fields.keys() <= fields


@pytest.mark.parametrize(("system", "stream"), contract.each_stream())
def test_a_stream_goes_on_from_any_page_with_exactly_the_rest(
    db: None, sandbox_url: str, system: System, stream: StreamSpec
) -> None:
    with contract.client_of(contract.service_of(system, sandbox_url)) as client:
        pages = list(contract.read(system, stream, client, {}))
        for number, page in enumerate(pages, start=1):
            position = contract.through_json(page.position)
            assert position == page.position
            rest = contract.read(system, stream, client, position)
            assert contract.ids(list(rest)) == contract.ids(pages[number:])
    assert all(before.position != after.position for before, after in pairwise(pages))


@pytest.mark.parametrize(("system", "stream"), contract.each_incremental_stream())
def test_an_incremental_stream_leaves_out_nothing_that_changed_since(
    db: None, sandbox_url: str, system: System, stream: StreamSpec
) -> None:
    with contract.client_of(contract.service_of(system, sandbox_url)) as client:
        everything = contract.changes(list(contract.read(system, stream, client, {})))
        since = sorted(everything.values())[len(everything) // 2]
        pages = list(contract.read(system, stream, client, {"since": since.isoformat()}))
    assert {page.position["since"] for page in pages} == {since.isoformat()}
    changed = {external_id for external_id, moment in everything.items() if moment >= since}
    assert changed <= contract.changes(pages).keys()


@pytest.mark.parametrize("system", contract.each_system())
def test_the_health_probe_finds_the_sandbox_healthy(db: None, sandbox_url: str, system: System) -> None:
    service = contract.service_of(system, sandbox_url)
    check = ops.check(service, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    check.refresh_from_db()
    assert (check.state, check.failure_message) == ("succeeded", "")
    assert set(Call.objects.filter(check_row=check).values_list("outcome", flat=True)) == {"ok"}
    assert Service.objects.get(pk=service.pk).state.health == "healthy"


@pytest.mark.parametrize("system", contract.each_system())
def test_a_folder_knows_nothing_of_the_console(system: System) -> None:
    for path in modules(APP / "systems" / system.slug):
        assert imports_of(path.read_text(), contract.FORBIDDEN) == set(), path


@pytest.mark.parametrize("system", contract.each_system())
def test_a_declaration_imports_nothing_heavy(system: System) -> None:
    source = (APP / "systems" / system.slug / "__init__.py").read_text()
    values = [f"integrations.transport.{name}" for name in ("limits", "meanings", "codes")]
    shared = [f"integrations.systems.{name}" for name in ("base", "auth", "rest_options", "receiving_options")]
    allowed = ["__future__", "dataclasses", *shared, *values]
    assert imports(source) == imports_of(source, allowed)


@pytest.mark.parametrize("system", contract.each_receiver())
def test_a_delivery_is_believed_with_the_right_secret_only(system: System) -> None:
    verify = contract.checker(system)
    secrets = {secret.name: [f"secret {secret.name}"] for secret in system.secrets}
    delivery = contract.signed_delivery(system, contract.newest(secrets))
    verify(delivery, secrets)
    wrong = {name: [f"{secret}!" for secret in valid] for name, valid in secrets.items()}
    unsigned = dataclasses.replace(delivery, headers={"content-type": "application/json"})
    changed = dataclasses.replace(delivery, body=delivery.body + b" ")
    for refused, known in (
        (delivery, wrong),
        (delivery, {}),
        (delivery, {name: [] for name in secrets}),
        (contract.signed_delivery(system, dict.fromkeys(secrets, "")), {name: [""] for name in secrets}),
    ):
        with pytest.raises(Refused):
            verify(refused, known)
    for refused in (unsigned, changed):
        with pytest.raises(Refused):
            verify(refused, secrets)


@pytest.mark.parametrize("system", contract.each_receiver())
def test_a_delivery_is_believed_with_either_secret_while_both_are_valid(system: System) -> None:
    verify = contract.checker(system)
    new, old, older = (
        {secret.name: [f"{age} {secret.name}"] for secret in system.secrets} for age in ("new", "old", "older")
    )
    overlapping = {secret.name for secret in system.secrets if secret.overlaps}
    assert "webhook_secret" in overlapping, "a sender cannot change its secret at the same moment as the console"
    both = {name: [*new[name], *(old[name] if name in overlapping else ())] for name in new}
    for signed_with in (new, {name: old[name] if name in overlapping else new[name] for name in new}):
        verify(contract.signed_delivery(system, contract.newest(signed_with)), both)
    with pytest.raises(Refused):
        verify(contract.signed_delivery(system, contract.newest(older)), both)
    with pytest.raises(Refused):
        verify(contract.signed_delivery(system, contract.newest(old)), new)


@pytest.mark.parametrize("system", contract.each_receiver())
def test_a_delivery_is_named_and_told_in_words(system: System) -> None:
    webhook = system.module("webhook")
    identity = webhook.identify(contract.signed_delivery(system, {s.name: "s" for s in system.secrets}))
    assert identity.event_type
    assert identity.payload is not None
    assert webhook.handle(identity).strip()
