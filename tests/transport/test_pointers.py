"""What pages that point at the next one are made of."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.transport.errors import CallError
from integrations.transport.pagination import walk
from integrations.transport.pointers import Cursor, LinkHeader, NextUrl
from integrations.transport.styles import Ask, Listed
from tests.transport.shelf import ids_of


def test_a_link_that_was_kept_is_a_position() -> None:
    def fetch(ask: Ask) -> Listed:
        return Listed([ask.link])

    assert ids_of(list(walk(fetch, NextUrl("nextPageUrl"), {"at": "https://a.example/sync?token=1"}))) == [
        "https://a.example/sync?token=1"
    ]


@pytest.mark.parametrize("style", [LinkHeader(without=("key", "a b")), NextUrl("next", without=("key", "a b"))])
def test_a_secret_in_a_link_is_kept_nowhere(style: LinkHeader | NextUrl) -> None:
    link = "https://a.example/x?key=canary&page=2&a+b=canary&%6Bey=canary&b=%20"
    listed = Listed([1], data={"next": link}, headers={"Link": f"<{link}>; rel=next"}, url="https://a.example/x")
    first = next(walk(lambda _: listed, style, {}))
    assert first.position["at"] == "https://a.example/x?page=2&b=%20"


@pytest.mark.parametrize("found", [True, 1.5, ["a"]])
def test_a_cursor_that_is_none_is_an_error(found: Any) -> None:
    with pytest.raises(CallError, match="“next” in the answer is no cursor"):
        next(walk(lambda _: Listed([1], data={"next": found}), Cursor("next"), {}))


@pytest.mark.parametrize("found", [True, 1, ["a"], {"href": "/x"}])
def test_an_address_that_is_none_is_an_error(found: Any) -> None:
    with pytest.raises(CallError, match="“next” in the answer is no address"):
        next(walk(lambda _: Listed([1], data={"next": found}), NextUrl("next"), {}))


@pytest.mark.parametrize("end", [None, "", False, 0, {}])
def test_nothing_where_the_pointer_should_be_is_the_end(end: Any) -> None:
    for style in (Cursor("next"), NextUrl("next")):
        assert len(list(walk(lambda _: Listed([1], data={"next": end}), style, {}))) == 1
