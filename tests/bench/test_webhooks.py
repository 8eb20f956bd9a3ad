"""The benchmark of webhooks: what it says, and that it says nothing where a delivery was lost."""

from __future__ import annotations

import json
from typing import Any

import pytest
import webhooks
from calls_candidates import Spoilt
from webhooks_load import COMMITS, SECRET, Took, body, request

from integrations.systems.deliveries import Delivery
from integrations.webhooks.schemes.senders import GITHUB

SENT = webhooks.WARM_UP + webhooks.ROUNDS["small"] * sum(webhooks.DELIVERIES.values())


def turns(ours: float, bare: float = 1.0) -> dict[int, dict[str, list[Took]]]:
    """Each took so many seconds for two deliveries."""
    pair = {webhooks.OURS: ours, webhooks.BARE: bare}
    return {n: {name: [Took(took, [took * 500] * 2)] * 3 for name, took in pair.items()} for n in webhooks.CLIENTS}


def test_a_delivery_is_a_push_as_github_sends_it_and_no_two_are_the_same() -> None:
    head, _, content = request("/hooks/github/", 7).partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    GITHUB.check(Delivery(headers, content), [SECRET], 0)
    assert int(headers["content-length"]) == len(content)
    assert 5_000 < len(content) < 8_000
    assert len(json.loads(content)["commits"]) == COMMITS
    assert body(1) != body(2)


def test_the_last_line_is_that_of_the_worse_database() -> None:
    figures: dict[str, Any] = webhooks.figures({"sqlite": turns(1.25), "postgresql": turns(2.0)})
    assert (figures["throughput_vs_bare"], figures["p99_ms_20_clients"]) == (0.5, 1000.0)
    assert figures["by_database"]["sqlite"][20] == 0.8


@pytest.mark.parametrize("lost", ["bare", "console", "bells"])
def test_a_lost_delivery_spoils_the_run(lost: str) -> None:
    kept = {"bare": SENT, "console": SENT, "bells": SENT}
    webhooks.verify(kept, "small")
    with pytest.raises(Spoilt):
        webhooks.verify({**kept, lost: SENT - 1}, "small")
