"""Bodies signed with HMAC: what GitHub, Stripe, Slack and nearly everybody does, each with other words."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from integrations import formatting
from integrations.systems.deliveries import Cause, Delivery, Refused
from integrations.webhooks.schemes.base import Scheme, header_of, is_any, on_the_wire, usable

TOLERANCE_S = 300
PLACES = re.compile(r"\{(body|id|timestamp)\}")
KEY_PREFIX = "whsec_"
Encoding = Literal["hex", "base64"]


@dataclass(frozen=True)
class Claim:
    """What the headers of a delivery say: signatures that may fit, and what they are said to sign beside the body."""

    signatures: list[str]
    delivery_id: str = ""
    timestamp: str = ""


@dataclass(frozen=True)
class Signed(Scheme):
    """The HMAC of a text that holds the body.

    Attributes:
        header: where the signature stands.
        prefix: what a signature begins with; what begins otherwise is another kind of signature and passed over.
        template: what is signed, with {body}, {id} and {timestamp} in it.
        separator: between several signatures in the header; empty where there is one alone.
        timestamp: the header with the moment, in seconds of the epoch; “t=” where it is a part of the signature's header.
        milliseconds: it counts those.
        id: the header with the id of the delivery.
        decodes_key: the key is what the secret is the base64 of, after “whsec_”.
    """

    header: str
    prefix: str = ""
    algorithm: str = "sha256"
    encoding: Encoding = "hex"
    template: str = "{body}"
    separator: str = ""
    timestamp: str = ""
    milliseconds: bool = False
    id: str = ""
    decodes_key: bool = False

    def check(self, delivery: Delivery, secrets: Sequence[str], at: float) -> None:
        """The signature must fit, and be of now where it says when it was made."""
        keys = [self.key(secret) for secret in usable(secrets)]
        if "{body}" not in self.template:  # one signature would fit everything
            raise Refused("“What is signed” has no {body} in it. Correct the options of the service", Cause.MALFORMED)
        claim = self.claim(delivery.headers)
        message = self.message(claim, delivery.body)
        given = [on_the_wire(signature) for signature in claim.signatures]
        if not is_any(given, [self.signature(key, message).encode() for key in keys]):
            raise Refused("the signature does not fit the body and the webhook secret", Cause.WRONG)
        if self.timestamp:
            self._check_age(claim.timestamp, at)

    def sign(self, body: bytes, secret: str, delivery_id: str, at: float) -> dict[str, str]:
        """As the sender does."""
        claim = Claim([], delivery_id, str(int(at * 1000 if self.milliseconds else at)))
        signature = self.prefix + self.signature(self.key(secret), self.message(claim, body))
        moment = {self.timestamp: claim.timestamp} if self.timestamp else {}
        if self._is_part(self.timestamp):
            signature, moment = f"{self.timestamp}{claim.timestamp}{self.separator}{signature}", {}
        return {self.header: signature, **moment, **({self.id: delivery_id} if self.id else {})}

    @property
    def signs_bodies(self) -> bool:
        """It does."""
        return True

    @property
    def signs_ids(self) -> bool:
        """Where the id is in what is signed."""
        return "{id}" in self.template

    def claim(self, headers: Mapping[str, str]) -> Claim:
        """What the delivery says of itself.

        Raises:
            Refused: something of it is missing, or looks otherwise.
        """
        value = header_of(headers, self.header)
        parts = [part.strip() for part in value.split(self.separator)] if self.separator else [value]
        signatures = [part.removeprefix(self.prefix) for part in parts if part.startswith(self.prefix)]
        if not signatures:
            raise Refused(f"the header {self.header} does not begin with {self.prefix}", Cause.MALFORMED)
        delivery_id = header_of(headers, self.id) if self.signs_ids else ""
        return Claim(signatures, delivery_id, self._moment(headers, parts) if self.timestamp else "")

    def message(self, claim: Claim, body: bytes) -> bytes:
        """What is signed."""
        if self.template == "{body}":
            return body
        values = {"body": body, "id": on_the_wire(claim.delivery_id), "timestamp": on_the_wire(claim.timestamp)}
        pieces = PLACES.split(self.template)  # text and names by turns
        return b"".join(values[piece] if number % 2 else piece.encode() for number, piece in enumerate(pieces))

    def key(self, secret: str) -> bytes:
        """The bytes that sign.

        Raises:
            Refused: the secret is not written as this scheme wants it.
        """
        if not self.decodes_key:
            return secret.encode()
        written = secret.removeprefix(KEY_PREFIX).rstrip("=")
        try:
            decoded = base64.b64decode(written + "=" * (-len(written) % 4), validate=True)
        except ValueError:
            decoded = b""
        if not decoded:
            raise Refused(f"the webhook secret is not {KEY_PREFIX} and base64 after it", Cause.NO_SECRET)
        return decoded

    def signature(self, key: bytes, message: bytes) -> str:
        """Without its prefix."""
        digest = hmac.digest(key, message, self.algorithm)
        return digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode()

    def _moment(self, headers: Mapping[str, str], parts: Sequence[str]) -> str:
        if not self._is_part(self.timestamp):
            return header_of(headers, self.timestamp)
        found = [part.removeprefix(self.timestamp) for part in parts if part.startswith(self.timestamp)]
        if len(found) != 1:
            raise Refused(f"the header {self.header} does not say when it was signed ({self.timestamp})")
        return found[0]

    def _check_age(self, timestamp: str, at: float) -> None:
        if not (timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 15):
            raise Refused("the moment of the signature is no number", Cause.MALFORMED)
        age = at - int(timestamp) / (1000 if self.milliseconds else 1)
        if abs(age) > TOLERANCE_S:
            when = "before it came" if age > 0 else "after it came"
            raise Refused(f"it was signed {formatting.span(abs(age))} {when}; at most 5 min are allowed", Cause.OLD)

    @staticmethod
    def _is_part(timestamp: str) -> bool:
        return timestamp.endswith("=")
