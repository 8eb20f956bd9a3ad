"""GitHub's own vector, and whatever else a header can hold."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from integrations.webhooks.signatures import hmac_sha256_hex

# https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries#testing-the-webhook-payload-validation
SECRET, BODY = "It's a Secret to Everybody", b"Hello, World!"
SIGNATURE = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def test_the_published_vector_is_accepted() -> None:
    assert hmac_sha256_hex([SECRET], BODY, SIGNATURE)


@pytest.mark.parametrize("flipped", range(len(BODY)))
def test_one_changed_byte_of_the_body_is_noticed(flipped: int) -> None:
    body = bytearray(BODY)
    body[flipped] ^= 1
    assert not hmac_sha256_hex([SECRET], bytes(body), SIGNATURE)


@pytest.mark.parametrize(
    "signature",
    ["", SIGNATURE[:-1], SIGNATURE + "0", SIGNATURE[:-1] + "8", "é" * 64, "\x00", "\ud800", " " + SIGNATURE],
)
def test_anything_else_is_no(signature: str) -> None:
    assert not hmac_sha256_hex([SECRET], BODY, signature)


def test_another_secret_is_no() -> None:
    assert not hmac_sha256_hex([SECRET.lower()], BODY, SIGNATURE)


@pytest.mark.parametrize("valid", [[SECRET, "other"], ["other", SECRET], ["", "other", SECRET]])
def test_any_of_the_valid_secrets_will_do(valid: list[str]) -> None:
    assert hmac_sha256_hex(valid, BODY, SIGNATURE)


def test_no_secret_and_an_empty_one_sign_nothing() -> None:
    empty = hmac.new(b"", BODY, hashlib.sha256).hexdigest()
    assert not hmac_sha256_hex([], BODY, SIGNATURE)
    assert not hmac_sha256_hex([""], BODY, empty)


def test_every_secret_is_compared_wherever_the_right_one_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    compared, real = list[bytes](), hmac.compare_digest

    def counting(mine: bytes, given: bytes) -> bool:
        compared.append(mine)
        return real(mine, given)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    assert hmac_sha256_hex([SECRET, "other"], BODY, SIGNATURE)
    assert hmac_sha256_hex(["other", SECRET], BODY, SIGNATURE)
    assert len(compared) == 4
