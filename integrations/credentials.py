"""Secrets at rest: encrypted with a key ring, bound to their service and field, shown to nobody.

`reveal` is the only way to a secret. A wrong key is an error and changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from integrations.models import Credential, Service

USE_IS_NOTED_EVERY_S = 60


class CredentialUnavailable(Exception):
    """A secret is missing or cannot be read; the text says which and what to do."""


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _keys() -> MultiFernet:
    return _ring(tuple(settings.CREDENTIAL_KEYS))


def store(service: Service, field: str, secret: str, by: User | None = None) -> Credential:
    """Make this the current secret of the field; the one before is superseded, not deleted."""
    bound = json.dumps({"service": service.pk, "field": field, "secret": secret}).encode()
    now = timezone.now()
    with transaction.atomic():
        current = Credential.objects.filter(service=service, field=field, superseded_at=None)
        current.update(superseded_at=now, ciphertext="", reference="")
        return Credential.objects.create(
            service=service,
            field=field,
            ciphertext=_keys().encrypt(bound).decode(),
            fingerprint=hashlib.sha256(bound).hexdigest()[:8],
            set_by=by,
            set_at=now,
        )


def reveal(service: Service, field: str) -> str:
    """The current secret of that field; empty where none was ever set.

    Raises:
        CredentialUnavailable: it cannot be decrypted or its reference leads nowhere.
    """
    credential = Credential.objects.filter(service=service, field=field, superseded_at=None).first()
    if credential is None:
        return ""
    secret = _follow(credential) if credential.reference else _decrypt(credential)
    _note_use(credential)
    return secret


def _decrypt(credential: Credential) -> str:
    try:
        bound = json.loads(_keys().decrypt(credential.ciphertext.encode()))
    except (InvalidToken, ValueError) as error:
        raise CredentialUnavailable(
            f"The secret “{credential.field}” of {credential.service} cannot be decrypted with the keys in "
            "CREDENTIAL_KEYS. Put the key it was stored with back, or enter the secret again."
        ) from error
    if (bound["service"], bound["field"]) != (credential.service_id, credential.field):
        raise CredentialUnavailable(
            f"The secret “{credential.field}” of {credential.service} was stored for another place. Enter it again."
        )
    return str(bound["secret"])


def _follow(credential: Credential) -> str:
    kind, _, name = credential.reference.partition(":")
    try:
        return os.environ[name] if kind == "env" else Path(name).read_text().strip()
    except (KeyError, OSError, ValueError) as error:
        raise CredentialUnavailable(
            f"The secret “{credential.field}” of {credential.service} refers to {credential.reference}, "
            "which is not there or is no text. Set it where the console runs, or enter the secret itself."
        ) from error


def _note_use(credential: Credential) -> None:
    now, last = timezone.now(), credential.last_used_at
    if last is None or (now - last).total_seconds() > USE_IS_NOTED_EVERY_S:
        Credential.objects.filter(pk=credential.pk).update(last_used_at=now)
