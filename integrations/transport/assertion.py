"""A signed statement of who we are, instead of a password (RFC 7523)."""

from __future__ import annotations

import time
import uuid

from integrations.transport import pem
from integrations.transport.codes import Code
from integrations.transport.errors import CallError

LIFE_S = 120  # vendors allow 3 to 10 minutes from their own clock on, and clocks differ


def signed(private_key: str, issuer: str, subject: str, audience: str) -> str:
    """The assertion, good for two minutes and different each time.

    Raises:
        CallError: the key is none.
    """
    import jwt  # brings much of `cryptography`, for the few services that need it

    claims = {
        "iss": issuer,
        "sub": subject,
        "aud": audience,
        "exp": int(time.time()) + LIFE_S,
        "jti": str(uuid.uuid4()),
    }
    try:
        return jwt.encode(claims, pem.with_lines(private_key), algorithm="RS256")
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise CallError(
            Code.AUTH_FAILED, "The private key cannot be used. Enter an RSA key in PEM form, without a passphrase."
        ) from error
