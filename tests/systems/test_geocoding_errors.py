"""Geocoding: what a geocoder that refuses or is ill tells staff."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest

from integrations.connections import transport_for
from integrations.systems.geocoding.places import BatchAddress
from integrations.transport.codes import Code
from integrations.transport.errors import Parked
from tests.calling import cause
from tests.systems.geocoders import Speaking, in_sandbox, refused, says, scripted, service_at
from tests.transport.server import Reply, ScriptedServer

__all__ = ["in_sandbox", "scripted"]  # fixtures

PLAIN = "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("reply", "code", "sentence"),
    [
        (
            says({"error": {"code": 400, "message": "Parameter 'limit' must be a number."}}, 400),
            Code.HTTP_ERROR,
            "It answered 400: Parameter 'limit' must be a number.",
        ),
        (
            Reply(400, b"ERROR 400: Parameter 'format'\nmust be one of: xml", content_type=PLAIN),
            Code.HTTP_ERROR,
            "It answered 400: ERROR 400: Parameter 'format' must be one of: xml.",
        ),
        (
            Reply(503, b"Query took too long to process.", content_type=PLAIN),
            Code.SERVER_ERROR,
            "It answered 503: Query took too long to process.",
        ),
        (Reply(403, b"<html>blocked</html>", content_type="text/html"), Code.FORBIDDEN, "It answered 403."),
        (
            says({"errors": ["Address cannot be empty", 5], "status": "400"}, 400),
            Code.HTTP_ERROR,
            "It answered 400: Address cannot be empty; 5.",
        ),
        (
            Reply(500, b"\xff\xfe" * 400, content_type=PLAIN),
            Code.SERVER_ERROR,
            "It answered 500: " + 300 * "\ufffd" + ".",
        ),
    ],
)
def test_an_error_is_told_in_the_words_of_the_provider(
    scripted: Speaking, reply: Reply, code: Code, sentence: str
) -> None:
    with scripted(reply) as client:
        failure = refused(partial(client.geocode, "Berlin"))
    assert (failure.code, str(failure)) == (code, sentence)


def test_a_pause_that_is_asked_for_parks(scripted: Speaking) -> None:
    with scripted(Reply(429, b"", (("Retry-After", "60"),))) as client, pytest.raises(Parked):
        client.geocode("Berlin")


def test_an_error_is_not_kept(scripted: Speaking, remote: ScriptedServer) -> None:
    with scripted(Reply(500, b""), says([])) as client:
        refused(partial(client.geocode, "Berlin"))
        assert client.geocode("Berlin") is None
    assert len(remote.asked) == 2


def test_the_health_of_nominatim_says_how_old_the_data_are(in_sandbox: Speaking) -> None:
    with in_sandbox() as client:
        assert client.check_health() == "Data of 2026-01-05 08:00 UTC."


@pytest.mark.parametrize("stamp", [None, "yesterday", 5])
def test_data_without_a_date_are_healthy_too(scripted: Speaking, stamp: Any) -> None:
    with scripted(says({"status": 0, "message": "OK", "data_updated": stamp})) as client:
        assert client.check_health() == ""


def test_a_sick_nominatim_says_so_with_200(scripted: Speaking) -> None:
    with scripted(says({"status": 700, "message": "Database connection failed"})) as client:
        failure = refused(client.check_health)
    assert (failure.code, str(failure)) == (
        Code.SERVER_ERROR,
        "Nominatim says: Database connection failed (700).",
    )


@pytest.mark.parametrize("answer", [[], None, {}, {"status": "0"}, {"status": None}, {"status": True}])
def test_a_status_that_is_none_is_a_bad_answer(scripted: Speaking, answer: Any) -> None:
    with scripted(says(answer)) as client:
        assert refused(client.check_health).code is Code.BAD_ANSWER


def test_the_health_of_the_census_names_the_benchmark(in_sandbox: Speaking) -> None:
    with in_sandbox(provider="census") as client:
        assert client.check_health() == "Public Address Ranges - Current Benchmark."
    with in_sandbox(provider="census", benchmark="2020") as client:
        assert client.check_health() == "Public Address Ranges - Census 2020 Benchmark."


def test_a_benchmark_that_is_gone_is_told_with_those_there_are(in_sandbox: Speaking) -> None:
    with in_sandbox(provider="census", benchmark="Public_AR_Census1790") as client:
        failure = refused(client.check_health)
    assert failure.code is Code.HTTP_ERROR
    assert str(failure).endswith("but there are: Public_AR_Current, Public_AR_Census2020.")


@pytest.mark.parametrize("answer", [[], None, {}, {"benchmarks": []}, {"benchmarks": {}}, {"benchmarks": "none"}])
def test_benchmarks_that_are_none_are_a_bad_answer(scripted: Speaking, answer: Any) -> None:
    with scripted(says(answer), provider="census") as client:
        assert refused(client.check_health).code is Code.BAD_ANSWER


@pytest.mark.parametrize("each", ["text", 5, {}, {"benchmarkName": ["Public_AR_Current"], "id": {}}])
def test_odd_benchmarks_are_not_ours(scripted: Speaking, each: Any) -> None:
    with scripted(says({"benchmarks": [each]}), provider="census") as client:
        assert refused(client.check_health).code in {Code.HTTP_ERROR, Code.BAD_ANSWER}


def test_a_contact_that_no_header_can_hold_is_not_sent(in_sandbox: Speaking) -> None:
    with in_sandbox(contact="\N{SNOWMAN}") as client:
        assert refused(partial(client.geocode, "Berlin")).code is Code.NOT_SENDABLE


def test_a_batch_that_broke_off_may_be_asked_for_again(scripted: Speaking) -> None:
    with scripted(Reply(reset=True), provider="census") as client:
        failure = refused(partial(client.geocode_batch, [BatchAddress("1", "1 Road")]))
    assert failure.code is Code.CONNECTION_BROKEN


def test_json_instead_of_a_batch_is_a_bad_answer(scripted: Speaking) -> None:
    body = json.dumps({"errors": ["The file is empty"]}).encode()
    with scripted(Reply(body=body), provider="census") as client:
        assert refused(partial(client.geocode_batch, [BatchAddress("1", "1 Road")])).code is Code.BAD_ANSWER


@pytest.mark.parametrize(
    ("path", "params", "said"),
    [
        ("search", {"q": "Berlin", "format": "csv"}, "400"),
        ("search", {"q": "Berlin", "limit": "many"}, "400: Parameter 'limit' must be a number"),
        ("search", {}, "400: Nothing to search for"),
        ("reverse", {"lat": 1, "format": "csv"}, "400"),
        ("reverse", {"lat": 1}, "400: Parameter 'lon' missing"),
        ("reverse", {"lat": "north", "lon": 1}, "400: Parameter 'lat' must be a number"),
        ("status", {}, "JSON"),
        ("locations/onelineaddress", {"address": "1 Road"}, "JSON"),
        ("locations/onelineaddress", {"address": "1 Road", "format": "json"}, "400"),
        ("locations/addressbatch", {}, "400"),
    ],
)
def test_the_sandbox_refuses_what_the_providers_refuse(
    db: None, sandbox_url: str, path: str, params: dict[str, Any], said: str
) -> None:
    with transport_for(service_at(sandbox_url), cause()) as transport:
        assert said in str(refused(partial(transport.get_json, "try", path, params)))


def test_the_sandbox_blocks_who_does_not_say_who_they_are(db: None, sandbox_url: str) -> None:
    with transport_for(service_at(sandbox_url), cause()) as transport:
        stock = {"User-Agent": "python-requests/2.32"}
        failure = refused(partial(transport.request, "try", "GET", "status", headers=stock))
    assert failure.code is Code.FORBIDDEN
