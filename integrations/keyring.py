"""Text that only this installation can read: encrypted under CREDENTIAL_KEYS, and bound to the place it is kept in.

A context says where a ciphertext belongs, such as ("credential", 7, "token"). It is inside the ciphertext, so one
that is copied to another place is not decrypted there. Nothing here knows a table.
"""

from __future__ import annotations

import json
from functools import cache, lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.utils.crypto import salted_hmac

Context = tuple[str | int, ...]


class Unreadable(Exception):
    """A ciphertext that cannot be read; the text goes on after a name of what it holds."""


class Misplaced(Unreadable):
    """One that belongs elsewhere: no key will help."""


@cache
def _ring(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


@lru_cache(maxsize=256)
def _opened(keys: MultiFernet, ciphertext: str) -> bytes:
    """What every delivery is verified with is not decrypted each time."""
    return keys.decrypt(ciphertext.encode())


def has_keys() -> bool:
    """Whether anything can be encrypted at all."""
    return bool(settings.CREDENTIAL_KEYS)


def encrypt(context: Context, secret: str) -> str:
    """The secret under the newest key, for this place alone.

    Raises:
        Unreadable: there is no key.
    """
    return _keys().encrypt(_bound(context, secret)).decode()


def decrypt(context: Context, ciphertext: str) -> str:
    """The secret, where any key of the ring reads it and this is its place.

    Raises:
        Unreadable: there is no key, none fits, or it is damaged.
        Misplaced: it was encrypted for another place.
    """
    try:
        bound = json.loads(_opened(_keys(), ciphertext))
    except (InvalidToken, ValueError) as error:
        raise Unreadable("cannot be decrypted with the keys in CREDENTIAL_KEYS") from error
    if bound["context"] != list(context):
        raise Misplaced("was stored for another place")
    return str(bound["secret"])


def renew(context: Context, ciphertext: str) -> str:
    """The same secret under the newest key; raises as `decrypt` does."""
    return encrypt(context, decrypt(context, ciphertext))


def is_newest(ciphertext: str) -> bool:
    """Whether it needs none of the older keys."""
    try:
        _ring(tuple(settings.CREDENTIAL_KEYS[:1])).decrypt(ciphertext.encode())
    except (InvalidToken, ValueError):
        return False
    return True


def fingerprint(context: Context, secret: str) -> str:
    """Tells two secrets of one place apart. Keyed, so that a weak secret cannot be guessed from a copy of the table."""
    return salted_hmac(__name__, _bound(context, secret), algorithm="sha256").hexdigest()[:8]


def _keys() -> MultiFernet:
    if not has_keys():
        raise Unreadable("cannot be decrypted, since CREDENTIAL_KEYS is empty")
    return _ring(tuple(settings.CREDENTIAL_KEYS))


def _bound(context: Context, secret: str) -> bytes:
    return json.dumps({"context": context, "secret": secret}).encode()
