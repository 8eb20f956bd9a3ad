"""The verification doctor: why a delivery is not believed, and what to do about it. Looking changes nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import get_args

from integrations.models import Credential
from integrations.systems.deliveries import Cause, Delivery, Holds, Refused
from integrations.transport.redaction import BLANK
from integrations.webhooks.receivers import Receiver
from integrations.webhooks.schemes import Scheme, Signed
from integrations.webhooks.schemes.base import SECRET
from integrations.webhooks.schemes.senders import SENDERS
from integrations.webhooks.schemes.signed import Encoding
from integrations.webhooks.verification import secrets_to_try

MOST_OTHERS = 200
ALGORITHMS = ("sha256", "sha512", "sha1")
ADVICE = {
    Cause.NO_SECRET: "Enter the webhook secret of the sender in the credentials of the service, then verify again.",
    Cause.MISSING: "Look whether the sender has the secret too; without one it signs nothing. Or a proxy took it away.",
    Cause.MALFORMED: "Look whether “Deliveries are verified as” in the options of the service names this sender.",
    Cause.OLD: "Set the clocks of both machines. If the delivery waited on its way, have the sender send it again.",
    Cause.WRONG: "The secret is another one than the sender's. Enter the same at both, then verify again.",
    Cause.ROUND_THE_PROXY: "Send deliveries through the proxy, and write its address into TRUSTED_PROXIES.",
    Cause.NO_JSON: "Its signature is right. Press “Process anyway” if it is of use, or set the sender to JSON.",
    Cause.TOO_LARGE: "Raise “largest delivery” of the service, then have the sender send it again.",
    Cause.ENCODED: "Have the sender, or the proxy before the console, leave the body uncompressed.",
}


@dataclass(frozen=True)
class Finding:
    """One thing that was found.

    Attributes:
        is_good: it speaks for the delivery.
        advice: what to do, in a sentence; empty where nothing is to be done.
    """

    is_good: bool
    what: str
    advice: str = ""


def examine(receiver: Receiver, delivery: Delivery, at: float, *, is_whole: bool = True) -> list[Finding]:
    """What the checks of now say of it, the likeliest cause first.

    Args:
        at: when it came, in seconds of the epoch.
    """
    scheme, secrets = receiver.sender.scheme, secrets_to_try(receiver.stored.get(SECRET, ()))
    if not is_whole:
        return [Finding(False, "Only its beginning was kept, which nothing signs.", "Have the sender send it again.")]
    if any(delivery.headers.get(name) == BLANK for name in scheme.hides):
        return [Finding(False, "What signs in was not kept, since it is a secret.", "Have the sender send it again.")]
    try:
        scheme.check(delivery, secrets, at)
    except Refused as reason:
        plain = Finding(False, f"{str(reason)[:1].upper()}{str(reason)[1:]}.", ADVICE[reason.cause])
        return [*_theories(receiver, scheme, delivery, secrets, reason.cause), plain]
    except Exception as error:  # noqa: BLE001 - whatever strangers write into a header
        return [Finding(False, f"It cannot be checked ({type(error).__name__}).", ADVICE[Cause.MALFORMED])]
    if receiver.webhook.identify(delivery).holds == Holds.OTHER and scheme.is_json:
        return [Finding(False, "It is signed rightly, but its body is no JSON.", ADVICE[Cause.NO_JSON])]
    return [Finding(True, "It would be believed now.", "Press “Verify again and process”.")]


def _theories(
    receiver: Receiver, scheme: Scheme, delivery: Delivery, secrets: Sequence[str], cause: Cause
) -> Iterator[Finding]:
    if cause in {Cause.MISSING, Cause.MALFORMED}:
        yield from _other_senders(scheme, delivery)
    if isinstance(scheme, Signed) and cause in {Cause.WRONG, Cause.MALFORMED}:
        yield from _other_secrets(receiver, scheme, delivery, secrets)
        yield from _other_bodies(scheme, delivery, secrets)
        yield from _other_writings(scheme, delivery, secrets)


def _other_senders(scheme: Scheme, delivery: Delivery) -> Iterator[Finding]:
    for name, sender in SENDERS.items():
        header = getattr(sender.scheme, "header", "")
        if header in delivery.headers and header != getattr(scheme, "header", ""):
            advice = "Choose that in the options of the service, or have the sender use another format."
            yield Finding(False, f"It has the header {header}, as deliveries of “{name}” have.", advice)


def _other_secrets(receiver: Receiver, scheme: Signed, delivery: Delivery, secrets: Sequence[str]) -> Iterator[Finding]:
    trimmed = [each for secret in secrets for each in (secret.strip(), f"{secret}\n") if each != secret]
    if _fits(scheme, delivery, trimmed):
        yield Finding(False, "It fits the secret with a blank or line break more or less.", "Enter the secret again.")
    others = Credential.objects.filter(field=SECRET, superseded_at=None).exclude(service=receiver.service)
    for other in others.select_related("service")[:MOST_OTHERS]:
        if _fits(scheme, delivery, secrets_to_try([other])):
            advice = f"Send it to the address of {other.service}, or enter this service's own secret at the sender."
            yield Finding(False, f"It is signed with the secret of {other.service}.", advice)


def _other_bodies(scheme: Signed, delivery: Delivery, secrets: Sequence[str]) -> Iterator[Finding]:
    for what, body in _altered(delivery.body):
        if body != delivery.body and _fits(scheme, replace(delivery, body=body), secrets):
            advice = "Have what stands before the console (a proxy, a gateway) hand on the bytes as they come."
            yield Finding(False, f"The body was altered on its way: {what}.", advice)


def _altered(body: bytes) -> Iterator[tuple[str, bytes]]:
    yield "a line break at its end was taken away", body + b"\n"
    yield "a line break at its end was taken away", body + b"\r\n"
    yield "line breaks or blanks were added at its ends", body.strip()
    yield "its line breaks were rewritten", body.replace(b"\r\n", b"\n")
    yield "its line breaks were rewritten", body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    yield "a byte order mark was added", body.removeprefix(b"\xef\xbb\xbf")
    yield "a byte order mark was taken away", b"\xef\xbb\xbf" + body
    yield from (("its JSON was written anew", each) for each in _rewritten(body))


def _rewritten(body: bytes) -> Iterator[bytes]:
    """The ways in which programs write the same JSON."""
    try:
        value = json.loads(body)
        for separators in ((",", ":"), (", ", ": ")):
            for is_ascii in (True, False):
                text = json.dumps(value, separators=separators, ensure_ascii=is_ascii).encode()
                yield from (text, text.replace(b"/", b"\\/"))
        yield json.dumps(value, indent=2, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return


def _other_writings(scheme: Signed, delivery: Delivery, secrets: Sequence[str]) -> Iterator[Finding]:
    advice = "Correct the options of the service, or what the sender is set to."
    for encoding in get_args(Encoding):
        if encoding != scheme.encoding and _fits(replace(scheme, encoding=encoding), delivery, secrets):
            yield Finding(False, f"The signature is written in {encoding} and not in {scheme.encoding}.", advice)
    if scheme.prefix and _fits(replace(scheme, prefix=""), delivery, secrets):
        yield Finding(False, f"The signature fits, but {scheme.prefix} is missing before it.", advice)
    lowered = replace(delivery, headers={**delivery.headers, scheme.header: delivery.headers[scheme.header].lower()})
    if scheme.encoding == "hex" and lowered != delivery and _fits(scheme, lowered, secrets):
        yield Finding(False, "The signature is written in capital letters.", advice)
    for algorithm in ALGORITHMS:
        if algorithm != scheme.algorithm and _fits(replace(scheme, algorithm=algorithm), delivery, secrets):
            yield Finding(False, f"It is signed with {algorithm} and not with {scheme.algorithm}.", advice)
    if _fits(replace(scheme, decodes_key=not scheme.decodes_key), delivery, secrets):
        how = "as it is written" if scheme.decodes_key else "after decoding it from base64"
        yield Finding(False, f"The sender signs with the secret {how}.", advice)


def _fits(scheme: Signed, delivery: Delivery, secrets: Sequence[str]) -> bool:
    """Whether the signature does, however old it is."""
    try:
        scheme.check(delivery, secrets, 0)
    except Refused as reason:
        return reason.cause == Cause.OLD
    except ValueError:
        return False
    return True
