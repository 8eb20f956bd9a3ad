"""Signature checks over raw bytes, in constant time. Whatever a header holds, the answer is yes or no."""

from __future__ import annotations

import hashlib
import hmac


def hmac_sha256_hex(secret: str, body: bytes, signature: str) -> bool:
    """Whether this hexadecimal text is the HMAC-SHA256 of the body.

    Bytes are compared, since comparing text that is not ASCII raises.
    """
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass"))
