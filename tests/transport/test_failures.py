"""What a vendor says of a failure is told in its words, wherever they are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport import failures
from integrations.transport.answer import Answer

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
    error = failures.of_status(Answer(401, body=json.dumps(body).encode()))
    assert str(error) == "It answered 401: Bad credentials."


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["message", "error", "messages", "errors"]), inner),
)


@given(JSON.map(lambda data: json.dumps(data).encode()) | st.binary())
def test_any_other_body_is_told_without(body: bytes) -> None:
    error = failures.of_status(Answer(500, body=body))
    assert str(error).startswith("It answered 500")
    assert len(str(error)) < 330
