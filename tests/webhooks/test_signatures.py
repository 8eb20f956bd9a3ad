"""GitHub's own vector, and whatever else a header can hold."""

from __future__ import annotations

import pytest

from integrations.webhooks.signatures import hmac_sha256_hex

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_published_vector_is_accepted() -> None:
    assert hmac_sha256_hex(SECRET, BODY, SIGNATURE)


@pytest.mark.parametrize("flipped", range(len(BODY)))
def test_one_changed_byte_of_the_body_is_noticed(flipped: int) -> None:
    body = bytearray(BODY)
    body[flipped] ^= 1
    assert not hmac_sha256_hex(SECRET, bytes(body), SIGNATURE)


@pytest.mark.parametrize(
    "signature",
    ["", SIGNATURE[:-1], SIGNATURE + "0", SIGNATURE[:-1] + "8", "é" * 64, "\x00", "\ud800", " " + SIGNATURE],
)
def test_anything_else_is_no(signature: str) -> None:
    assert not hmac_sha256_hex(SECRET, BODY, signature)


def test_another_secret_is_no() -> None:
    assert not hmac_sha256_hex(SECRET.lower(), BODY, SIGNATURE)
