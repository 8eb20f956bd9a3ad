"""What went wrong, as one of our errors: exceptions of urllib3, and statuses of HTTP."""

from __future__ import annotations

import re
import socket
import ssl
from datetime import UTC, datetime
from typing import Any, TypeVar

import jmespath
from urllib3.connection import port_by_scheme
from urllib3.exceptions import DecodeError, HTTPError, LocationValueError, ReadTimeoutError, SSLError
from urllib3.util import parse_url

from integrations import json_text
from integrations.transport.answer import Answer
from integrations.transport.clock import Clock
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.meanings import Meanings
from integrations.transport.waiting import retry_after

_CODES = {
    401: Code.AUTH_FAILED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    409: Code.CONFLICT,
    410: Code.NOT_FOUND,
    412: Code.CONFLICT,
    429: Code.RATE_LIMITED,
}
LONGEST_REMARK = 8 * 1024  # of it `Attempt` keeps the beginning, after secrets were blanked
_MEDIA_TYPE = re.compile(r"[a-z]{1,20}/[a-z0-9.+-]{1,100}(?=\s*(?:;|$))", re.IGNORECASE)
Cause = TypeVar("Cause", bound=Exception)
# https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
_LIMIT_IN_WORDS = re.compile("secondary rate limit|abuse detection", re.IGNORECASE)  # the latter on older servers
_WAIT_OF_WORDS_S = 60.0
# X509_V_ERR_ of OpenSSL, x509_vfy.h
_VERIFY_CODES = {
    9: (Code.TLS_EXPIRED, "The certificate of {peer} is not valid yet: check the clock of the console."),
    10: (Code.TLS_EXPIRED, "The certificate of {peer} has expired."),
    62: (Code.TLS_WRONG_HOST, "The certificate of {peer} is for another host."),
    64: (Code.TLS_WRONG_HOST, "The certificate of {peer} is for another host."),
}
# GitHub, OAuth, Django, Umami, FileMaker, Ghost and Directus, Salesforce
_WORDS = jmespath.compile(
    "message || error_description || detail || error.message || messages[0].message || errors[0].message "
    "|| [0].message || error"
)


def of_status(answer: Answer, meanings: Meanings) -> CallError | None:
    """The error of an answer's status, as the vendor's own code means it; None for success and “not modified”."""
    if answer.status < 300 or answer.status == 304:
        return None
    remark, wait = _remark(answer), retry_after(answer.headers, datetime.now(UTC))
    if wait is None and answer.status in {403, 429} and _LIMIT_IN_WORDS.search(remark):
        wait = _WAIT_OF_WORDS_S
    code = meanings.of(answer) or _code_of(answer.status, wait)
    return CallError(code, f"It answered {answer.status}{remark}.", answer, wait)


def _code_of(status: int, wait: float | None) -> Code:
    if status in {403, 503} and wait is not None:
        return Code.RATE_LIMITED
    if status >= 500:
        return Code.SERVER_ERROR
    return _CODES.get(status, Code.HTTP_ERROR if status >= 400 else Code.REDIRECTED)


def _remark(answer: Answer) -> str:
    """What a JSON error body says in words; most vendors have them in one of these places."""
    found = _WORDS.search(answer.json)
    return f": {found[:LONGEST_REMARK].rstrip('.')}" if found and isinstance(found, str) else ""


def peer(host: str, port: int) -> str:
    """Host and port as staff write them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def peer_of(url: str) -> str:
    """The host and port of an address that can be sent to."""
    parsed = parse_url(url)
    return f"{parsed.host}:{parsed.port or port_by_scheme.get(parsed.scheme or '', 0)}"


def of_exception(error: Exception, url: str, clock: Clock) -> CallError:
    """The error of an exception that stopped an attempt at an address, once a connection stood or before one began."""
    if isinstance(error, ReadTimeoutError):
        return out_of_time(peer_of(url), clock)
    if isinstance(error, SSLError):
        return _of_broken_tls(error, url, clock)
    if isinstance(error, HTTPError) and not isinstance(error, LocationValueError):
        return _broken(error, peer_of(url), clock)
    if isinstance(error, UnicodeError):
        return CallError(Code.NOT_SENDABLE, "A header or secret of the service holds characters HTTP cannot send.")
    return CallError(Code.NOT_SENDABLE, f"The request could not be made: {error}.")


def out_of_time(peer: str, clock: Clock) -> CallError:
    """The deadline has passed: nothing came, or not all."""
    within = f"within {clock.settings.deadline_s:g} s"
    if clock.answering:
        return CallError(Code.DEADLINE, f"The answer of {peer} began, but did not end {within}.")
    return CallError(Code.TIMEOUT, f"{peer} sent no answer {within}.")


def of_resolver(error: Exception, host: str) -> CallError:
    """The host has no address, or nobody could say."""
    if isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN:
        return CallError(Code.DNS_FAILED, f"The name server cannot say now where {host} is.")
    return CallError(Code.DNS_FAILED, f"No address is known for {host}.")


def of_silent_resolver(host: str, waited_s: float) -> CallError:
    """The name server did not answer at all."""
    return CallError(Code.DNS_FAILED, f"The name server did not say within {waited_s:.3g} s where {host} is.")


def of_dial(error: OSError, peer: str, waited_s: float) -> CallError:
    """None of the addresses took a connection."""
    if isinstance(error, ConnectionRefusedError):
        return CallError(Code.CONNECTION_REFUSED, f"Connection refused by {peer}.")
    if isinstance(error, TimeoutError):
        return CallError(Code.UNREACHABLE, f"{peer} took no connection within {waited_s:g} s.")
    return CallError(Code.UNREACHABLE, f"There is no way to {peer} ({error.strerror or error}).")


def of_tls(error: OSError, peer: str, waited_s: float) -> CallError:
    """The TLS handshake failed; nothing was sent."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_certificate(error, peer)
    if isinstance(error, TimeoutError):
        return CallError(Code.UNREACHABLE, f"{peer} did not end the TLS handshake within {waited_s:g} s.")
    if isinstance(error, ssl.SSLError) and not isinstance(error, ssl.SSLEOFError):
        return CallError(Code.TLS_FAILED, f"No TLS connection with {peer}: {_words(error)}.")
    return CallError(Code.UNREACHABLE, f"{peer} hung up during the TLS handshake.")


def _of_certificate(error: ssl.SSLCertVerificationError, peer: str) -> CallError:
    said = error.verify_message.rstrip(".")
    code, sentence = _VERIFY_CODES.get(
        error.verify_code, (Code.TLS_UNTRUSTED, f"The certificate of {{peer}} is not trusted: {said}.")
    )
    return CallError(code, sentence.format(peer=peer))


def _of_broken_tls(error: Exception, url: str, clock: Clock) -> CallError:
    """After the handshake: an alert is a refusal (TLS 1.3 asks for client certificates late), the rest is damage."""
    cause = _within(error, ssl.SSLError)
    if cause and "ALERT" in (cause.reason or ""):
        return CallError(Code.TLS_FAILED, f"{peer_of(url)} ended the TLS connection: {_words(cause)}.")
    return _broken(error, peer_of(url), clock)


def _broken(error: Exception, peer: str, clock: Clock) -> CallError:
    if isinstance(error, DecodeError):
        return CallError(Code.CONNECTION_BROKEN, f"The answer of {peer} is damaged: it cannot be unpacked.")
    when = "in the middle of the answer" if clock.answering else "before an answer came"
    return CallError(Code.CONNECTION_BROKEN, f"The connection to {peer} broke {when}.")


def _within(error: object, kind: type[Cause]) -> Cause | None:
    """An exception of that kind among what urllib3 wrapped one in the other."""
    while isinstance(error, Exception) and not isinstance(error, kind):
        error = next(iter(error.args), None)
    return error if isinstance(error, kind) else None


def _words(error: ssl.SSLError) -> str:
    return (error.reason or "unknown error").replace("_", " ").lower()


def parsed(answer: Answer) -> Any:
    """The JSON of an answer; None for an empty body.

    Raises:
        CallError: it is no JSON.
    """
    if not answer.body.strip():
        return None
    try:
        return json_text.loads(answer.body)
    except (ValueError, RecursionError) as error:
        kind = _MEDIA_TYPE.match(answer.headers.get("Content-Type", ""))
        name = kind[0] if kind else "an unnamed type"
        raise CallError(Code.BAD_ANSWER, f"The answer is not JSON (it says it is {name}).", answer) from error
