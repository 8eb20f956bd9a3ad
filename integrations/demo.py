"""The demonstration services of a first start: they talk to the sandboxes, so they work offline."""

from __future__ import annotations

import secrets

from django.conf import settings

from integrations import credentials, keyring, sandbox
from integrations.models import Service


def seed() -> list[Service]:
    """One CMS and one GitHub, both served by `manage.py sandbox`."""
    address = f"http://{sandbox.HOST}:{settings.SANDBOX_PORT}"
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
