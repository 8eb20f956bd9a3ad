"""Tables of 100,000 rows on real servers, read by processes of their own that are killed now and then."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integrations import credentials
from integrations.models import Call, Service
from tests.flows import processes
from tests.flows.deployment import Deployment, Running
from tests.peers.database_servers import PASSWORD, Server, serving

ROWS = 100_000
PAGE = 1000
WITHIN_S = 300.0
MOST_KIB = 60 * 1024

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["postgresql", "mysql"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(request.param) as found:
        found.fill(ROWS)
        yield found


@dataclass(frozen=True)
class Reader:
    """One process that reads."""

    running: Running

    def lines(self) -> list[dict[str, Any]]:
        """What it has said so far, without the lines of its log and one that is not whole."""
        said = self.running.output().splitlines(keepends=True)
        return [json.loads(line) for line in said if line.startswith("{") and line.endswith("\n")]

    def pages(self) -> list[dict[str, Any]]:
        return [line for line in self.lines() if "ids" in line]

    def ids(self) -> list[str]:
        return [each for page in self.pages() for each in page["ids"]]

    def end(self) -> dict[str, Any]:
        """Its last line, when it has ended well."""
        assert self.running.popen.wait(WITHIN_S) == 0, self.running.output()
        return self.lines()[-1]


def start(deployment: Deployment, position: object = None) -> Reader:
    command = [sys.executable, "-m", "tests.peers.table_reader", "orders", json.dumps(position or {})]
    return Reader(deployment.start("reader", *command))


@pytest.fixture
def orders(deployment: Deployment, server: Server) -> Service:
    service = Service.objects.create(
        slug="orders", name="Orders", system="legacy_database", options=server.options(page_size=PAGE)
    )
    credentials.store(service, "password", PASSWORD)
    return service


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux says how much memory a process has")
def test_every_row_is_read_once_in_little_memory_and_each_question_is_a_call(
    deployment: Deployment, orders: Service
) -> None:
    reader = start(deployment)
    ended = reader.end()
    assert Counter(reader.ids()) == {str(number): 1 for number in range(1, ROWS + 1)}
    assert ended["growth_kib"] < MOST_KIB
    made = Counter(Call.objects.filter(service=orders).values_list("operation", "outcome"))
    # None lacks its last change, and none is left behind the last full page: two questions that find nothing.
    assert made == {
        ("list_tables", "ok"): 1,
        ("list_columns", "ok"): 1,
        ("read_rows", "ok"): ROWS // PAGE + 2,
    }
    called = Call.objects.filter(operation="read_rows").order_by("pk")[1]
    assert called.url.endswith(f":{orders.options['port']}/{orders.options['database']}")
    assert called.first_byte_ms is not None
    assert called.download_ms is not None
    assert called.response_bytes > PAGE * 100


def test_a_reader_that_is_killed_leaves_nothing_behind_and_the_rest_is_exactly_the_rest(
    deployment: Deployment, orders: Service, server: Server
) -> None:
    reader = start(deployment)
    processes.seconds_until(lambda: len(reader.pages()) >= 5, WITHIN_S, "five pages", every=0.01)
    processes.kill(reader.running.pid)
    reader.running.popen.wait()
    processes.seconds_until(lambda: server.busy() == 0, 30, "the server has let the connection go")
    came = reader.pages()
    assert 5 <= len(came) < ROWS // PAGE
    rest = start(deployment, came[-1]["position"])
    rest.end()
    assert Counter(reader.ids() + rest.ids()) == {str(number): 1 for number in range(1, ROWS + 1)}
