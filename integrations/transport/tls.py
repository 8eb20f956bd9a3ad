"""Whom we believe and who we are, when we speak TLS."""

from __future__ import annotations

import ssl
from functools import lru_cache
from tempfile import NamedTemporaryFile

from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.util.ssl_ import create_urllib3_context

from integrations.transport import pem
from integrations.transport.codes import Code
from integrations.transport.errors import CallError


def context(authorities: str, client_certificate: str) -> ssl.SSLContext:
    """TLS 1.2 or newer, with the certificate of the other side verified.

    Args:
        authorities: certificates in PEM form that are trusted beside the usual ones.
        client_certificate: certificate and private key in PEM form; empty where the remote asks for none.

    Raises:
        CallError: one of them cannot be used.
    """
    if not client_certificate:
        return _without_identity(authorities)
    made = _verifying(authorities)
    try:
        _identify(made, client_certificate)
    except (ssl.SSLError, ValueError) as error:
        raise CallError(
            Code.NOT_SENDABLE,
            "The client certificate of the service cannot be used: it must be a certificate and its private key, "
            "without a password, in PEM form.",
        ) from error
    return made


def _verifying(authorities: str) -> ssl.SSLContext:
    made = create_urllib3_context(ssl_minimum_version=ssl.TLSVersion.TLSv1_2)
    made.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    try:
        if authorities:
            pem.trust(made, authorities)
    except (ssl.SSLError, ValueError, TypeError) as error:
        raise CallError(
            Code.NOT_SENDABLE, f"The certificate authority of the service: {pem.objection(authorities)}"
        ) from error
    return made


# Reading the usual authorities takes longer than many a call. With a private key in it none is kept.
_without_identity = lru_cache(maxsize=32)(_verifying)


def _identify(made: ssl.SSLContext, client_certificate: str) -> None:
    with NamedTemporaryFile("w") as file:  # the ssl module reads keys from files only; nobody else may read this one
        file.write(pem.with_lines(client_certificate))
        file.flush()
        made.load_cert_chain(file.name, password="")  # without one OpenSSL would ask at the terminal
