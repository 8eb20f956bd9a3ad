"""Senders of webhooks as there are many: signed, patient, and now and then twice."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Event

import requests

GIVES_UP_S = 120.0  # a delivery that nobody takes for so long is lost
TWICE = 0.05


@dataclass
class Senders:
    """So many clients that send so many deliveries over so many seconds, each until it is acknowledged.

    Attributes:
        secrets: each delivery is signed with one of them.
        acknowledged: ids that were answered with 200.
        refused: answers other than 200, and connections that broke.
        took: seconds from the first byte to the answer of those that were acknowledged.
    """

    url: str
    secrets: tuple[str, ...]
    count: int
    seconds: float
    chance: random.Random
    clients: int = 20
    acknowledged: set[str] = field(default_factory=set)
    refused: int = 0
    twice: int = 0
    took: list[float] = field(default_factory=list)
    last_at: float = 0.0
    _is_over: Event = field(default_factory=Event)

    def send_all(self) -> None:
        """Returns when the last one has been acknowledged."""
        ids = [f"chaos-{number}" for number in range(self.count)]
        self.chance.shuffle(ids)
        plans = [(share, random.Random(self.chance.random())) for share in self._shares(ids)]
        with ThreadPoolExecutor(self.clients) as pool:
            for done in [pool.submit(self._send_share, *plan) for plan in plans]:
                done.result()
        self.last_at = time.monotonic()

    def _shares(self, ids: list[str]) -> list[list[str]]:
        return [ids[client :: self.clients] for client in range(self.clients)]

    def _send_share(self, ids: list[str], chance: random.Random) -> None:
        began, session = time.monotonic(), requests.Session()
        for number, delivery in enumerate(ids):
            time.sleep(max(0.0, began + self.seconds * number / len(ids) - time.monotonic()))
            self._deliver(session, delivery, chance)
            if chance.random() < TWICE:
                self.twice += 1
                self._deliver(session, delivery, chance)

    def _deliver(self, session: requests.Session, delivery: str, chance: random.Random) -> None:
        end = time.monotonic() + GIVES_UP_S
        while not self._is_taken(session, delivery, chance.choice(self.secrets)):
            self.refused += 1
            assert time.monotonic() < end, f"nobody takes {delivery}"
            time.sleep(chance.uniform(0.1, 0.5))
        self.acknowledged.add(delivery)

    def _is_taken(self, session: requests.Session, delivery: str, secret: str) -> bool:
        body = json.dumps({"ref": "refs/heads/main", "commits": [{}], "number": delivery}).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": "push",
            "X-GitHub-Delivery": delivery,
            "X-Hub-Signature-256": "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
        }
        began = time.monotonic()
        try:
            answer = session.post(self.url, body, headers=headers, timeout=15)
        except requests.RequestException:
            return False
        if answer.status_code == 200:
            self.took.append(time.monotonic() - began)
        return answer.status_code == 200
