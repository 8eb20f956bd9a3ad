"""Geocoding: who asks, what is kept, and what Nominatim answers."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from integrations import systems
from integrations.models import Call
from integrations.systems.geocoding.places import OSM_ATTRIBUTION, BatchAddress, Place
from integrations.transport.codes import Code
from integrations.transport.limits import Limits
from tests.systems.examples import Variant, Write
from tests.systems.geocoders import Speaking, asked, in_sandbox, refused, says, scripted
from tests.transport.server import Reply, ScriptedServer

__all__ = ["in_sandbox", "scripted"]  # fixtures

WHITE_HOUSE = "1600 Pennsylvania Avenue NW, Washington"
CHICAGO = BatchAddress("b", "121 N LaSalle Street", "Chicago")
VARIANTS = {"census": Variant({"provider": "census"})}
WRITES = {
    "geocode_batch": Write("POST", lambda client: client.geocode_batch([CHICAGO]), False, {"provider": "census"}),
}
BERLIN = {
    "place_id": 1,
    "osm_type": "relation",
    "osm_id": 62422,
    "lat": "52.5170365",
    "lon": "13.3888599",
    "type": "administrative",
    "addresstype": "city",
    "display_name": "Berlin, Deutschland",
}


def test_an_address_is_found_with_all_that_must_be_shown(in_sandbox: Speaking) -> None:
    with in_sandbox() as client:
        assert client.geocode(WHITE_HOUSE) == Place(
            latitude=Decimal("38.8976998"),
            longitude=Decimal("-77.0365532"),
            display_name="White House, 1600, Pennsylvania Avenue Northwest, Washington, District of Columbia, 20500, "
            "United States",
            provider_id="way/238241022",
            precision="building",
            attribution=OSM_ATTRIBUTION,
        )


def test_what_does_not_exist_is_none_and_asked_once_a_day(in_sandbox: Speaking) -> None:
    with in_sandbox() as client:
        assert client.geocode("1 Nowhere Lane") is None
        assert client.geocode("1 Nowhere Lane") is None
    assert list(Call.objects.order_by("pk").values_list("operation", "cache")) == [("geocode", ""), ("geocode", "hit")]


def test_spaces_make_no_other_address_but_letters_do(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(says([BERLIN])) as client:
        for address in ("Unter den Linden 1", "  Unter\tden\n Linden \u00a01 ", "unter den linden 1"):
            assert client.geocode(address)
    assert [asked(remote, number)[1]["q"] for number in range(2)] == [["Unter den Linden 1"], ["unter den linden 1"]]
    assert len(remote.asked) == 2


@pytest.mark.parametrize("address", ["", " \n\t"])
def test_a_blank_address_is_not_asked_for(scripted: Speaking, remote: ScriptedServer, address: str) -> None:
    with scripted() as client:
        assert client.geocode(address) is None
    assert remote.asked == []


def test_an_address_that_cannot_be_encoded_is_asked_for_without_that_character(
    scripted: Speaking, remote: ScriptedServer
) -> None:
    with scripted(says([])) as client:
        assert client.geocode("1 Broken\ud800 Road & Söhne #2?") is None
    assert asked(remote)[1]["q"] == ["1 Broken? Road & Söhne #2?"]


def test_the_request_is_as_small_as_documented(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(says([BERLIN]), country_codes="DE, at") as client:
        client.geocode("Berlin")
    path, query = asked(remote)
    assert path == "/search"
    assert query == {
        "q": ["Berlin"],
        "format": ["jsonv2"],
        "limit": ["1"],
        "addressdetails": ["0"],
        "countrycodes": ["de,at"],
    }


@pytest.mark.parametrize("provider", ["nominatim", "census"])
def test_the_contact_is_in_the_name_of_the_console(scripted: Speaking, remote: ScriptedServer, provider: str) -> None:
    with scripted(says([]), provider=provider, contact="https://console.example/about ") as client:
        refused(client.check_health)
    assert remote.asked[0].headers["user-agent"].startswith("django-operations-console/")
    assert remote.asked[0].headers["user-agent"].endswith(" (https://console.example/about)")


def test_without_a_contact_the_console_still_has_its_name(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(says([]), contact="") as client:
        client.geocode("Berlin")
    name, _, rest = remote.asked[0].headers["user-agent"].partition("/")
    assert (name, "(" in rest) == ("django-operations-console", False)


def test_one_call_a_second_is_declared_for_all_processes() -> None:
    assert systems.get("geocoding").limits == Limits(per_second=1)


@pytest.mark.parametrize(("code", "is_found"), [("us", True), ("de", False), ("", True)])
def test_countries_limit_the_search(in_sandbox: Speaking, code: str, is_found: bool) -> None:
    with in_sandbox(country_codes=code) as client:
        assert bool(client.geocode(WHITE_HOUSE)) is is_found


def test_a_point_has_an_address_or_none(in_sandbox: Speaking) -> None:
    with in_sandbox() as client:
        found = client.reverse(Decimal("52.5163"), Decimal("13.3777"))
        assert found
        assert found.display_name.startswith("Brandenburger Tor")
        assert client.reverse(Decimal(0), Decimal(0)) is None


def test_the_same_point_is_asked_for_once(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(says(BERLIN)) as client:
        assert client.reverse(Decimal("52.5"), Decimal(13)) == client.reverse(Decimal("52.50"), Decimal("13.000"))
    assert len(remote.asked) == 1
    assert asked(remote)[1]["lat"] == ["52.5000000"]


def test_a_place_without_an_object_of_its_own_has_no_id(scripted: Speaking) -> None:
    raw = {name: BERLIN[name] for name in ("place_id", "lat", "lon", "display_name", "type")}
    with scripted(says([raw])) as client:
        found = client.geocode("Berlin")
    assert found
    assert (found.provider_id, found.precision) == ("", "administrative")


@pytest.mark.parametrize(
    "answer",
    [
        {},
        None,
        "text",
        7,
        [None],
        ["text"],
        [[]],
        [{**BERLIN, "display_name": None}],
        [{**BERLIN, "lat": "90.1"}],
        [{**BERLIN, "lat": "-91"}],
        [{**BERLIN, "lon": "181"}],
        [{**BERLIN, "lon": "1e999999999"}],
        [{**BERLIN, "lat": "NaN"}],
        [{**BERLIN, "lat": "sNaN"}],
        [{**BERLIN, "lat": "-Infinity"}],
        [{**BERLIN, "lat": float("nan")}],
        [{**BERLIN, "lat": "52,5"}],
        [{**BERLIN, "lat": ""}],
        [{**BERLIN, "lat": True}],
        [{**BERLIN, "lat": {}}],
        [{**BERLIN, "lon": None}],
    ],
)
def test_an_answer_that_is_no_place_is_said_to_be_bad(scripted: Speaking, answer: Any) -> None:
    with scripted(says(answer)) as client:
        assert refused(partial(client.geocode, "Berlin")).code is Code.BAD_ANSWER


@pytest.mark.parametrize("answer", [[], {}, {"lat": "1"}, {"error": None}])
def test_a_point_with_nonsense_is_said_to_be_bad(scripted: Speaking, answer: Any) -> None:
    with scripted(says(answer)) as client:
        assert refused(partial(client.reverse, Decimal(1), Decimal(2))).code is Code.BAD_ANSWER


@pytest.mark.parametrize("error", ["Out of memory", {"code": 500, "message": "Out of memory"}])
def test_an_error_with_200_is_told_in_its_own_words(scripted: Speaking, error: Any) -> None:
    with scripted(says({"error": error})) as client:
        for call in (partial(client.geocode, "Berlin"), partial(client.reverse, Decimal(1), Decimal(2))):
            assert str(refused(call)) == "Nominatim says: Out of memory."


def test_nonsense_is_asked_for_again_and_not_kept(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(says({"error": "Out of memory"}), says([BERLIN])) as client:
        assert client.geocode("Berlin")
        assert client.geocode("Berlin")
    assert len(remote.asked) == 2


def test_a_web_page_with_200_is_a_bad_answer(scripted: Speaking) -> None:
    with scripted(Reply(body=b"<html>Welcome</html>", content_type="text/html")) as client:
        assert refused(partial(client.geocode, "Berlin")).code is Code.BAD_ANSWER


def test_no_batches_go_to_nominatim(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted() as client:
        assert refused(partial(client.geocode_batch, [BatchAddress("1", "1 Road")])).code is Code.NOT_SENDABLE
    assert remote.asked == []
