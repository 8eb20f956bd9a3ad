"""Signature checks over raw bytes, in constant time. Whatever a header holds, the answer is yes or no."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence


def hmac_sha256_hex(secrets: Sequence[str], body: bytes, signature: str) -> bool:
    """Whether this hexadecimal text is the HMAC-SHA256 of the body under one of the secrets. An empty one signs nothing.

    All are compared, so that the time tells nothing of which one it was. Bytes are compared, since comparing text
    that is not ASCII raises.
    """
    given = signature.encode("utf-8", "surrogatepass")
    expected = (hmac.new(secret.encode(), body, hashlib.sha256).hexdigest() for secret in secrets if secret)
    return sum(hmac.compare_digest(each.encode(), given) for each in expected) > 0
