"""The bars of a call: one a phase, in order, each within the drawing, together the whole of it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.admin.waterfall import NARROWEST, WIDTH, bars, remark
from integrations.models import Call

PHASES = ("backoff_ms", "queue_ms", "dns_ms", "connect_ms", "tls_ms", "first_byte_ms", "download_ms")
SPANS = st.none() | st.floats(0, 1e7)


def call(**more: Any) -> Call:
    return Call(**{"duration_ms": 100.0, "status": 200, "outcome": "ok", "cache": ""} | more)


def test_each_phase_is_a_bar_and_what_is_left_over_is_the_rest() -> None:
    made = call(backoff_ms=900, dns_ms=10, connect_ms=20, tls_ms=30, first_byte_ms=25, download_ms=5)
    assert [(bar.label, bar.kind, bar.ms, bar.x, bar.width) for bar in bars(made)] == [
        ("Pause after the attempt before", "wait", 900, 0, 900),
        ("Name lookup", "connect", 10, 900, 10),
        ("Connecting", "connect", 20, 910, 20),
        ("TLS", "connect", 30, 930, 30),
        ("First byte", "answer", 25, 960, 25),
        ("Download", "answer", 5, 985, 6),
        ("The rest", "rest", 10, 990, 10),
    ]


def test_an_attempt_without_an_answer_says_when_it_failed() -> None:
    (connecting, rest) = bars(call(status=None, outcome="failed", duration_ms=5000.0, connect_ms=3.0))
    assert (connecting.label, rest.label, rest.ms) == ("Connecting", "Until it failed", 4997.0)


@given(st.fixed_dictionaries(dict.fromkeys(PHASES, SPANS) | {"duration_ms": st.floats(0, 1e7)}))
def test_every_bar_stands_within_the_drawing(timings: dict[str, Any]) -> None:
    for bar in bars(call(**timings)):
        assert bar.ms > 0
        assert NARROWEST <= bar.width <= WIDTH
        assert 0 <= bar.x <= WIDTH - bar.width


@pytest.mark.parametrize(
    ("made", "says"),
    [
        ({"first_byte_ms": 9.0}, "It went over a connection that was open already: no name lookup, connecting or TLS."),
        ({"first_byte_ms": 9.0, "connect_ms": 1.0}, ""),
        ({"first_byte_ms": 9.0, "cache": "revalidated", "connect_ms": 1.0}, ""),
        ({"cache": "hit"}, "Nothing was sent: the answer was in the cache."),
        ({"cache": "stale"}, "Nothing was sent: the answer was in the cache."),
        ({"status": None, "outcome": "not_sent"}, "Nothing was sent."),
        ({"status": None, "outcome": "failed"}, ""),
    ],
)
def test_what_bars_do_not_say_is_said_in_words(made: dict[str, Any], says: str) -> None:
    assert remark(call(**made)) == says
