"""What a vendor says of a failure is told in its words, wherever they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport import failures
from integrations.transport.answer import Answer
from integrations.transport.codes import Code
from integrations.transport.meanings import Meanings

WORDS = {
    "GitHub": {"message": "Bad credentials.", "status": "401"},
    "OAuth": {"error": "invalid_grant", "error_description": "Bad credentials"},
    "Django REST framework": {"detail": "Bad credentials"},
    "Umami": {"error": {"message": "Bad credentials", "code": "unauthorized"}},
    "FileMaker": {"response": {}, "messages": [{"code": "212", "message": "Bad credentials"}]},
    "Ghost": {"errors": [{"message": "Bad credentials", "code": "UNKNOWN_CONTENT_API_KEY"}]},
    "Salesforce": [{"message": "Bad credentials", "errorCode": "INVALID_SESSION_ID"}],
    "Plausible": {"error": "Bad credentials"},
}


@pytest.mark.parametrize("body", WORDS.values(), ids=WORDS)
def test_the_words_of_a_vendor_are_found(body: Any) -> None:
    error = failures.of_status(Answer(401, body=json.dumps(body).encode()), Meanings())
    assert str(error) == "It answered 401: Bad credentials."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "error", "messages", "errors"]), inner),
)


@given(JSON.map(lambda data: json.dumps(data).encode()) | st.binary())
def test_any_other_body_is_told_without(body: bytes) -> None:
    error = failures.of_status(Answer(500, body=body), Meanings())
    assert str(error).startswith("It answered 500")
    assert len(str(error)) < 330


SECONDARY = "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."
ABUSE = "You have triggered an abuse detection mechanism. Please wait a few minutes before you try again."


def refusal(status: int, message: str, **headers: str) -> tuple[Code, float | None]:
    error = failures.of_status(Answer(status, headers, json.dumps({"message": message}).encode()), Meanings())
    assert error is not None
    return error.code, error.retry_after


@pytest.mark.parametrize("status", [403, 429])
@pytest.mark.parametrize("message", [SECONDARY, ABUSE])
def test_a_limit_that_is_told_in_words_alone_is_a_minute(status: int, message: str) -> None:
    assert refusal(status, message) == (Code.RATE_LIMITED, 60.0)
    assert refusal(status, message, **{"X-RateLimit-Remaining": "4999"}) == (Code.RATE_LIMITED, 60.0)


@pytest.mark.parametrize("status", [403, 429])
def test_a_limit_that_names_its_wait_is_that_long(status: int) -> None:
    assert refusal(status, SECONDARY, **{"Retry-After": "7"}) == (Code.RATE_LIMITED, 7.0)
    used_up = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "300"}
    code, wait = refusal(status, SECONDARY, **used_up)
    assert code is Code.RATE_LIMITED
    assert wait == pytest.approx(300)


@pytest.mark.parametrize("status", [400, 404, 500])
def test_the_words_of_a_limit_under_another_status_are_words(status: int) -> None:
    code, wait = refusal(status, SECONDARY)
    assert code is not Code.RATE_LIMITED
    assert wait is None


FOUND = Meanings("messages[0].code", {"401": Code.NOT_FOUND, "0": Code.CONFLICT})


@pytest.mark.parametrize(
    ("code", "means"),
    [("401", Code.NOT_FOUND), (401, Code.NOT_FOUND), ("9", Code.SERVER_ERROR), (None, Code.SERVER_ERROR), ([], None)],
)
def test_a_vendors_own_code_means_more_than_the_status(code: Any, means: Code | None) -> None:
    body = json.dumps({"messages": [{"code": code, "message": "Words"}]}).encode()
    error = failures.of_status(Answer(500, body=body), FOUND)
    assert error
    assert (error.code, str(error)) == (means or Code.SERVER_ERROR, "It answered 500: Words.")
    assert failures.of_status(Answer(200, body=body), FOUND) is None


@given(st.binary())
def test_a_body_without_a_code_means_what_its_status_says(body: bytes) -> None:
    error = failures.of_status(Answer(500, body=body), FOUND)
    assert error
    assert error.code in {Code.SERVER_ERROR, Code.NOT_FOUND, Code.CONFLICT}
