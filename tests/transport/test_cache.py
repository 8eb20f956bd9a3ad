"""When a kept answer is fresh and when usable, and what makes two requests the same question."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Unpack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport.answer import Answer
from integrations.transport.cache import DAY_S, Cache
from integrations.transport.exchange import Content, Exchange
from integrations.transport.http import Transport
from integrations.transport.keeping import question
from integrations.transport.settings import Settings
from tests.transport.server import Reply, ScriptedServer

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SPANS = st.floats(0, 10 * DAY_S)


@pytest.mark.parametrize(
    ("age_s", "fresh", "usable"),
    [
        (0, True, True),
        (59.9, True, True),
        (60, False, True),
        (89.9, False, True),
        (90, False, False),
        (-59.9, True, True),
        (-90, False, False),
    ],
)
def test_an_answer_is_fresh_then_usable_then_neither(age_s: float, fresh: bool, usable: bool) -> None:
    cache, stored_at = Cache(60, stale_if_error_s=30), NOW - timedelta(seconds=age_s)
    assert (cache.is_fresh(stored_at, NOW), cache.is_usable(stored_at, NOW)) == (fresh, usable)


@given(SPANS, SPANS, st.floats(-20 * DAY_S, 20 * DAY_S))
def test_what_is_fresh_is_usable_and_what_is_usable_still_has_its_place(ttl: float, stale: float, age: float) -> None:
    cache, stored_at = Cache(ttl, stale), NOW - timedelta(seconds=age)
    age = (NOW - stored_at).total_seconds()  # in whole microseconds, as the clock says
    if cache.is_fresh(stored_at, NOW):
        assert cache.is_usable(stored_at, NOW)
        assert abs(age) < ttl
    if cache.is_usable(stored_at, NOW):
        assert age < cache.keep_s(Answer(200)) == ttl + stale
    assert cache.keep_s(Answer(200, {"ETag": "e"})) >= max(cache.keep_s(Answer(200)), ttl + DAY_S)


def asked(method: str = "GET", path: str = "/a", **content: Unpack[Content]) -> str:
    return question(Exchange("look_up", method, f"http://127.0.0.1{path}", content))


PARAMS = st.dictionaries(st.text(min_size=1), st.none() | st.text() | st.integers() | st.lists(st.text()), max_size=5)


@given(PARAMS, st.randoms())
def test_the_order_of_the_query_makes_no_other_question(params: dict[str, Any], random: Any) -> None:
    names = list(params)
    random.shuffle(names)
    assert asked(params=params) == asked(params={name: params[name] for name in names})


def test_a_query_in_the_path_and_one_of_its_own_are_the_same_question() -> None:
    one = asked(path="/a?b=1&c=2")
    assert one == asked(path="/a?c=2", params={"b": 1}) == asked(params={"c": "2", "b": "1", "d": None})


DIFFERENT: dict[str, dict[str, Any]] = {
    "method": {"method": "HEAD"},
    "path": {"path": "/b"},
    "value": {"params": {"q": "2"}},
    "name": {"params": {"r": "1"}},
    "another value": {"params": {"q": ["1", "2"]}},
    "other order of values": {"params": {"q": ["2", "1"]}},
    "empty value": {"params": {"q": ""}},
    "without a query": {"params": {}},
    "JSON": {"payload": {"q": "1"}},
    "form": {"form": {"q": "1"}},
    "header": {"headers": {"Accept": "text/html"}},
    "not JSON": {"raw": True},
}


def test_whatever_else_differs_makes_another_question() -> None:
    base: dict[str, Any] = {"params": {"q": "1"}}
    others = {asked(**{**base, **changed}) for changed in DIFFERENT.values()}
    assert len(others) == len(DIFFERENT)
    assert asked(**base) not in others


def test_the_address_that_is_told_is_the_one_that_is_asked(remote: ScriptedServer) -> None:
    params = {"b": ["x y", "é"], "a": 1, "c": None}
    with Transport(Settings(base_url=remote.url)) as transport:
        url = transport.request("look_up", "GET", "/p?z=0", params=params).url
    assert Exchange("look_up", "GET", f"{remote.url}/p?z=0", {"params": params}).full_url == url


def test_without_a_store_a_declaration_makes_no_difference(remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"1"), Reply(body=b"2"))
    with Transport(Settings(base_url=remote.url)) as transport:
        assert [transport.get_json("look_up", "/", cache=Cache(60)) for _ in range(2)] == [1, 2]
