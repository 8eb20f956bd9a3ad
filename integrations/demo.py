"""The demonstration services of a first start: they talk to the sandboxes, so they work offline."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from django.conf import settings

from integrations import credentials, keyring, sandbox, systems
from integrations.models import Service


def is_demonstration(service: Service) -> bool:
    """Whether it talks to a sandbox on this machine and to nothing else."""
    return service.base_url.startswith(_address())


def all_of(wanted: Iterable[str]) -> list[Service]:
    """A demonstration service of each of these systems, added where there is none."""
    there = {service.system: service for service in Service.objects.order_by("-pk") if is_demonstration(service)}
    return [there.get(system) or _add(system) for system in wanted]


def _add(system: str) -> Service:
    account = sandbox.account(system, _address())
    service = Service.objects.create(
        slug=f"{system}-demo",
        name=f"{systems.get(system).label} (demonstration)",
        system=system,
        base_url=account.base_url,
        options=dict(account.options),
    )
    if keyring.has_keys():
        for field, secret in account.secrets.items():
            credentials.store(service, field, secret)
    return service


def _address() -> str:
    return f"http://{sandbox.HOST}:{settings.SANDBOX_PORT}"


def seed() -> list[Service]:
    """One CMS and one GitHub, both served by `manage.py sandbox`."""
    address = _address()
    keep_all = Service.BodyPolicy.ALL
    cms = Service.objects.create(
        slug="articles",
        name="Articles (demonstration)",
        system="cms",
        base_url=f"{address}/cms",
        body_policy=keep_all,
        notes="Talks to the sandbox that comes with the console. Press “Sync now”.",
    )
    account = sandbox.account("github", address)
    github = Service.objects.create(
        slug="github",
        name="GitHub (demonstration)",
        system="github",
        base_url=account.base_url,
        options=dict(account.options),
        body_policy=keep_all,
        notes="Its webhook secret was made at random; set one of your own to try deliveries.",
    )
    if keyring.has_keys():
        for field, secret in {**account.secrets, "webhook_secret": secrets.token_urlsafe(32)}.items():
            credentials.store(github, field, secret)
    return [cms, github]
