"""What makes the tests of clients alone worth something."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import responses

from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from tests.systems.unit.alone import Alone, Case, Turn
from tests.transport.server import ScriptedServer

CMS = Alone("cms", "https://cms.example.org")
ASKED = Turn("GET", "/api/v2/pages/", {"items": []}, query={"fields": "*", "limit": 1, "offset": 0})


def health(client: Any) -> object:
    return client.check_health()


def test_responses_does_not_see_what_the_transport_sends_by_itself(remote: ScriptedServer) -> None:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        mock.get(f"{remote.url}/things", json={"fine": False})
        with Transport(Settings(remote.url)) as transport:
            assert transport.get_json("look", "/things") == {"fine": True}
    assert (len(mock.calls), len(remote.asked)) == (0, 1)


@pytest.mark.parametrize(
    "other",
    [
        {"method": "POST"},
        {"path": "/pages/"},
        {"query": {"fields": "*", "limit": 1}},
        {"headers": {"Authorization": "Basic"}},
    ],
)
def test_a_request_of_another_shape_is_noticed(other: dict[str, Any]) -> None:
    assert CMS.outcome(Case("", health, (ASKED,), None)) == ""
    with pytest.raises(AssertionError, match="Not all requests have been executed") as noticed:
        CMS.outcome(Case("", health, (replace(ASKED, **other),), None))
    assert "doesn't match any registered mock" in str(noticed.value.__context__)


def test_a_request_too_few_is_noticed() -> None:
    with pytest.raises(AssertionError, match="Not all requests have been executed"):
        CMS.outcome(Case("", health, (ASKED, ASKED), None))
