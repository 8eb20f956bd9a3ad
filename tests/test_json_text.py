"""The fast JSON beside that of the standard library."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations import json_text

TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates too
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | TEXT
ODD = LEAVES | st.integers(min_value=2**63) | st.integers(max_value=-(2**63)) | st.decimals() | st.dates() | st.binary()


def nested(leaves: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner, inner)
            | st.dictionaries(TEXT | st.integers(), inner, max_size=3)
        ),
        max_leaves=8,
    )


def outcome(work: Any, value: Any) -> Any:
    """What comes of it, told apart to the last bit; errors by what callers catch."""
    try:
        found = work(value)
    except (TypeError, ValueError, RecursionError) as error:
        return ValueError if isinstance(error, ValueError) else type(error)
    return repr(found)


@given(nested(ODD))
def test_what_is_written_reads_as_what_the_standard_library_writes(value: Any) -> None:
    def ours(value: Any) -> Any:
        return json.loads(json_text.dumps(value))

    def theirs(value: Any) -> Any:
        return json.loads(json.dumps(value, sort_keys=True))

    assert outcome(ours, value) == outcome(theirs, value)


@given(nested(LEAVES), st.booleans(), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_is_read_is_what_the_standard_library_reads(value: Any, is_ascii: bool, encoding: str) -> None:
    text = json.dumps(value, ensure_ascii=is_ascii, skipkeys=True).encode(encoding, "surrogatepass")
    assert outcome(json_text.loads, text) == outcome(json.loads, text)


@given(st.binary() | st.text('[]{}":,0123456789.eE+-ntfaul \\ud8N\x00').map(str.encode))
def test_what_is_no_json_is_none_to_both(text: bytes) -> None:
    assert outcome(json_text.loads, text) == outcome(json.loads, text)


@given(nested(LEAVES))
def test_what_was_read_is_written_the_same_whatever_the_order_of_its_names(value: Any) -> None:
    turned = dict(reversed(value.items())) if isinstance(value, dict) else value
    assert outcome(json_text.dumps, turned) == outcome(json_text.dumps, value)


@pytest.mark.parametrize(
    "text", ["18446744073709551616", "-9223372036854775809", "1e400", "NaN", "-0.0", '"\\ud83d"', '{"a":1,"a":2}']
)
def test_numbers_and_texts_that_others_read_as_something_else(text: str) -> None:
    assert outcome(json_text.loads, text.encode()) == outcome(json.loads, text)


@pytest.mark.parametrize("value", [b"bytes", {1, 2}, Decimal("1.5"), datetime(2026, 1, 2, tzinfo=UTC)])
def test_what_is_no_json_is_refused_and_not_written_as_text(value: object) -> None:
    with pytest.raises(TypeError, match="not JSON serializable"):
        json_text.dumps({"deep": [value]})


def test_a_number_that_is_none_is_not_written_as_nothing() -> None:
    assert json_text.dumps([math.nan, None]) == b"[NaN, null]"


def test_what_holds_itself_and_what_is_too_deep_is_refused() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises((ValueError, RecursionError)):
        json_text.dumps(loop)
    with pytest.raises(RecursionError):
        json_text.loads(b"[" * 100_000)
