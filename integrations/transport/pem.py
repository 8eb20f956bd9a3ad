"""Certificates and keys as text (PEM, RFC 7468)."""

from __future__ import annotations

import re
import ssl

_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]*)-----END \1-----")


def with_lines(text: str) -> str:
    """With line breaks where PEM must have them: fields of a single line and environment variables lose them."""
    return _BLOCK.sub(_block, text)


def objection(authorities: str) -> str:
    """Why a text cannot be used as certificate authorities; empty where it can."""
    if "PRIVATE KEY-----" in authorities:
        return "Leave the private key out: only certificates are needed, and this text is shown to staff."
    try:
        trust(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT), authorities)
    except (ssl.SSLError, ValueError, TypeError):
        return (
            "These are no certificates. Paste them in PEM form, from -----BEGIN CERTIFICATE----- to "
            "-----END CERTIFICATE-----."
        )
    return ""


def trust(context: ssl.SSLContext, authorities: str) -> None:
    """Accept what these have signed.

    Raises:
        ssl.SSLError, ValueError, TypeError: they are no certificates.
    """
    context.load_verify_locations(cadata=with_lines(authorities))


def _block(found: re.Match[str]) -> str:
    body = "".join(found[2].split())
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    return "\n".join([f"-----BEGIN {found[1]}-----", *lines, f"-----END {found[1]}-----\n"])
