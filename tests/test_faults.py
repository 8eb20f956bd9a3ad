from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests


@pytest.fixture
def faults(sandbox_url: str) -> Iterator[str]:
    """Where the CMS sandbox's fault is switched on; it is off again after the test."""
    url = f"{sandbox_url}/_faults/cms/"
    yield url
    requests.delete(url, timeout=5)


def statuses(sandbox_url: str, count: int) -> list[int]:
    return [requests.get(f"{sandbox_url}/cms/api/v2/pages/", timeout=5).status_code for _ in range(count)]


def test_refuses_as_often_as_asked_for(sandbox_url: str, faults: str) -> None:
    requests.post(faults, json={"status": 503, "times": 2}, timeout=5)
    assert statuses(sandbox_url, 3) == [503, 503, 200]


def test_refuses_with_headers_until_switched_off(sandbox_url: str, faults: str) -> None:
    requests.post(faults, json={"status": 429, "headers": {"Retry-After": "7"}}, timeout=5)
    answer = requests.get(f"{sandbox_url}/cms/api/v2/pages/", timeout=5)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    requests.delete(faults, timeout=5)
    assert statuses(sandbox_url, 1) == [200]


def test_delays_the_real_answer(sandbox_url: str, faults: str) -> None:
    requests.post(faults, json={"delay_s": 0.3}, timeout=5)
    answer = requests.get(f"{sandbox_url}/cms/api/v2/pages/", timeout=5)
    assert answer.status_code == 200
    assert answer.elapsed.total_seconds() >= 0.3


def test_leaves_other_systems_alone(sandbox_url: str, faults: str) -> None:
    requests.post(faults, json={"status": 503}, timeout=5)
    assert requests.get(f"{sandbox_url}/github/rate_limit", timeout=5).status_code == 200


@pytest.mark.parametrize("body", ["{", "[1]", '{"speed": 3}'])
def test_a_fault_that_makes_no_sense_is_refused(faults: str, body: str) -> None:
    assert requests.post(faults, data=body, timeout=5).status_code == 400
