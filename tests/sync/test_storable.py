"""What no database can hold is told apart from what it can."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.sync.storable import DEEPEST, is_storable, is_storable_json, storable

TEXT = st.text(st.characters(exclude_categories=[]))  # lone surrogates too
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_whatever_comes_in_can_be_stored_when_it_comes_out(value: Any) -> None:
    found = storable(value)
    text = json.dumps(found, allow_nan=False, ensure_ascii=False)
    text.encode()
    assert json.loads(text) == found
    assert is_storable(found)


@given(JSON)
def test_what_can_be_stored_is_left_alone(value: Any) -> None:
    assert (storable(value) == value) == is_storable(value)


@pytest.mark.parametrize("value", ["\x00", "\ud800", math.nan, math.inf, {"\x00": 1}, [["\udfff"]]])
def test_what_cannot_be_stored_is_found(value: Any) -> None:
    assert not is_storable(value)


@pytest.mark.parametrize("value", ["", "\\u0000", "\N{GRINNING FACE}", 0.5, 10**400, [{"a": [None, True]}]])
def test_odd_but_good_values_are_storable(value: Any) -> None:
    assert is_storable(value)


@given(JSON)
def test_json_that_looks_storable_is(value: Any) -> None:
    assert is_storable(value) or not is_storable_json(json.dumps(value).encode())


@pytest.mark.parametrize("value", ["", "plain", "Zo\u00eb \N{SNOWMAN}", {"a": [1, None, {"b": "c"}]}])
def test_a_look_at_its_json_is_enough_for_most_values(value: Any) -> None:
    assert is_storable_json(json.dumps(value).encode())


def test_a_bottomless_value_is_cut_off() -> None:
    value: Any = 1
    for _ in range(DEEPEST * 20):
        value = [value]
    assert not is_storable(value)
