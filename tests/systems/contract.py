"""What every System promises. A new folder is covered without editing anything here.

A System that receives webhooks brings its own example: `signed_delivery(secrets)` in
tests/systems/test_<slug>.py gives a Delivery that is signed with these secrets. What else it tells is in `examples.py`.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from importlib import import_module
from typing import Any

import jmespath
import pytest

from integrations import credentials, sandbox, systems
from integrations.connections import client_for
from integrations.models import Service
from integrations.recorder import Cause
from integrations.systems.base import BadItem, Client, Gone, Item, Option, Page, StreamSpec, System
from integrations.systems.deliveries import Delivery
from integrations.webhooks.schemes import Scheme

FORBIDDEN = (
    "integrations.models",
    "integrations.admin",
    "integrations.ops",
    "integrations.tasks",
    "django.db",
    "django.contrib",
)
MOST_PAGES = 1000


def each_system() -> list[Any]:
    return [pytest.param(system, id=slug) for slug, system in systems.all_systems().items()]


def each_option() -> list[Any]:
    found = [(slug, option) for slug, system in systems.all_systems().items() for option in system.options]
    return [pytest.param(option, id=f"{slug}-{option.name}") for slug, option in found]


def each_stream() -> list[Any]:
    found = [(system, stream) for system in systems.all_systems().values() for stream in system.streams]
    return [pytest.param(system, stream, id=f"{system.slug}-{stream.name}") for system, stream in found]


def each_incremental_stream() -> list[Any]:
    return [each for each in each_stream() if each.values[1].incremental]


def each_receiver() -> list[Any]:
    return [each for each in each_system() if each.values[0].receives_webhooks]


def default_fits(option: Option) -> bool:
    """Whether the default is a value staff could have written."""
    value = option.default
    if value is None:
        return not option.required
    if option.kind == "integer":
        low = option.minimum if option.minimum is not None else value
        high = option.maximum if option.maximum is not None else value
        return isinstance(value, int) and not isinstance(value, bool) and int(low) <= value <= int(high)
    if option.kind == "json_path":
        return isinstance(value, str) and bool(jmespath.compile(value))
    if option.kind == "choice":
        return value in dict(option.choices)
    return isinstance(value, bool if option.kind == "boolean" else str)


def service_of(system: System, sandbox_url: str) -> Service:
    """A service that speaks to the System's sandbox."""
    slug, account = system.slug, sandbox.account(system.slug, sandbox_url)
    service = Service.objects.create(
        slug=slug, name=system.label, system=slug, base_url=account.base_url, options=dict(account.options)
    )
    for field, secret in account.secrets.items():
        credentials.store(service, field, secret)
    return service


def client_of(service: Service, attempts: int = 1) -> Any:
    return client_for(service, Cause("command", uuid.uuid4()), attempts=attempts)


def read(system: System, stream: StreamSpec, client: Client, position: Mapping[str, Any]) -> Iterator[Page]:
    for number, page in enumerate(system.read(stream.name)(client, position)):
        assert number < MOST_PAGES, "the sandbox's list does not end"
        yield page


def through_json(position: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(dict(position)))


def ids(pages: list[Page]) -> list[str]:
    items: list[Item | BadItem | Gone] = [item for page in pages for item in page.items]
    return [item.external_id for item in items]


def newest(secrets: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """What a sender signs with that has learnt of the newest ones."""
    return {name: valid[0] for name, valid in secrets.items()}


def changes(pages: list[Page]) -> dict[str, datetime]:
    """When each item changed, by its id, as far as its source knows."""
    items = [item for page in pages for item in page.items if isinstance(item, Item)]
    return {item.external_id: moment for item in items if (moment := item.fields["source_modified_at"])}


def checker(system: System) -> Callable[[Delivery, Mapping[str, Sequence[str]]], None]:
    """What checks a delivery to a service with the options of the delivery, as it comes."""

    def check(delivery: Delivery, secrets: Mapping[str, Sequence[str]]) -> None:
        options = {**system.defaults, **delivery.options}
        scheme: Scheme = system.module("webhook").sender(options).scheme
        scheme.check(delivery, secrets.get("webhook_secret", ()), time.time())

    return check


def signed_delivery(system: System, secrets: Mapping[str, str]) -> Delivery:
    name = f"tests.systems.test_{system.slug}"
    try:
        made: Delivery = import_module(name).signed_delivery(secrets)
    except (ImportError, AttributeError) as error:
        raise AssertionError(f"Write signed_delivery(secrets) in {name}.") from error
    return made
