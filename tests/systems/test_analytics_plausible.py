"""Page analytics by Plausible: how it is asked, what it answers, and its documented examples."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from integrations.models import Call, Service
from integrations.systems.analytics.product import PageStats
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems.analytics import health, page_stats, reply, service_at
from tests.transport.server import Reply, ScriptedServer

Examples = dict[str, Any]


@pytest.fixture
def service(db: None, sandbox_url: str) -> Service:
    return service_at(sandbox_url, "plausible")


@pytest.fixture
def scripted(service: Service, remote: ScriptedServer) -> ScriptedServer:
    service.base_url = remote.url
    service.save()
    return remote


@pytest.fixture(scope="session")
def examples(shared_data: Path) -> Examples:
    """Those of Plausible's documentation, by name."""
    path = shared_data / "recorded" / "plausible_examples.json"
    if not path.is_file():
        pytest.skip("the examples of Plausible's documentation are not on this machine")
    return {name: example for name, example in json.loads(path.read_text()).items() if isinstance(example, dict)}


def rows(*metrics: Any) -> dict[str, Any]:
    return {"results": [{"metrics": each, "dimensions": []} for each in metrics], "meta": {}, "query": {}}


def test_plausible_is_asked_as_its_documentation_wants(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply(rows([6, 90])))
    assert page_stats(service, '/ü "d"') == PageStats(6, 90.0)
    asked = scripted.asked[0]
    assert (asked.method, asked.target) == ("POST", "/api/v2/query")
    assert asked.headers["authorization"] == "Bearer sandbox-api-key"
    assert asked.headers["content-type"] == "application/json"
    assert json.loads(asked.body) == {
        "site_id": "sandbox.example",
        "metrics": ["pageviews", "visit_duration"],
        "date_range": ["2026-01-01T00:00:00+00:00", "2026-01-31T23:59:59+00:00"],
        "filters": [["is", "event:page", ['/ü "d"']]],
    }


@pytest.mark.parametrize(
    ("results", "stats"),
    [
        (rows([6, None]), PageStats(6, None)),
        (rows([6, 0]), PageStats(6, 0.0)),
        (rows([6, 1.5]), PageStats(6, 1.5)),
        (rows([0, 0]), PageStats(0, None)),
        (rows([0, None]), PageStats(0, None)),
        (rows(), PageStats(0, None)),
    ],
)
def test_a_row_is_understood(service: Service, scripted: ScriptedServer, results: Any, stats: PageStats) -> None:
    scripted.answers(reply(results))
    assert page_stats(service) == stats


@pytest.mark.parametrize(
    "results",
    [
        rows([6]),
        rows([6, 7, 8]),
        rows([6, 7], [8, 9]),
        rows({"pageviews": 6}),
        rows(["many", 7]),
        rows([None, 7]),
        rows([6, -1]),
        rows([6, {"value": 7}]),
        rows([True, 7]),
        {"results": "none"},
        {"error": "Something went wrong"},
    ],
)
def test_a_row_of_another_shape_is_unreadable(service: Service, scripted: ScriptedServer, results: Any) -> None:
    scripted.answers(reply(results))
    with pytest.raises(CallError) as failure:
        page_stats(service)
    assert failure.value.code is Code.BAD_ANSWER


@pytest.mark.parametrize(
    ("status", "error", "code"),
    [
        (400, "Invalid date_range", Code.HTTP_ERROR),
        (402, "This Plausible site is locked due to missing active subscription", Code.HTTP_ERROR),
    ],
)
def test_what_plausible_says_reaches_staff(
    service: Service, scripted: ScriptedServer, status: int, error: str, code: Code
) -> None:
    scripted.answers(reply({"error": error}, status))
    for ask in (page_stats, health):
        with pytest.raises(CallError, match=f"It answered {status}: {error}") as failure:
            ask(service)
        assert failure.value.code is code


@pytest.mark.parametrize("failure", [Reply(503), Reply(reset=True)])
def test_a_query_without_an_answer_leaves_nothing_unknown_since_it_changes_nothing(
    service: Service, scripted: ScriptedServer, failure: Reply
) -> None:
    scripted.answers(failure)
    for ask in (page_stats, health):
        with pytest.raises(CallError) as error:
            ask(service)
        assert error.value.code in {Code.SERVER_ERROR, Code.CONNECTION_BROKEN}


def test_health_is_asked_each_time(service: Service) -> None:
    assert health(service) == health(service)
    assert list(Call.objects.values_list("operation", "cache")) == [("check_health", "")] * 2


def test_every_documented_answer_is_understood_or_refused(
    service: Service, scripted: ScriptedServer, examples: Examples
) -> None:
    answers = {name: example for name, example in examples.items() if name.endswith("-response")}
    outcomes: dict[str, PageStats | Code] = {}
    for name, answer in answers.items():
        scripted.answers(reply(answer))
        try:
            outcomes[name] = page_stats(service, f"/{name}")
        except CallError as error:
            outcomes[name] = error.code
    assert outcomes.pop("aggregate-response") == PageStats(944, 1797.0)
    assert outcomes.pop("filtering-by-segment-response") == PageStats(0, None)
    assert set(outcomes.values()) == {Code.BAD_ANSWER}


@pytest.mark.parametrize(
    ("name", "remark"), [("custom-date-range-response", "1,140"), ("filtering-basics-response", "10")]
)
def test_health_reads_a_documented_answer(
    service: Service, scripted: ScriptedServer, examples: Examples, name: str, remark: str
) -> None:
    scripted.answers(reply(examples[name]))
    assert health(service) == f"{remark} visitors of sandbox.example today."


def test_queries_are_of_the_documented_form(service: Service, scripted: ScriptedServer, examples: Examples) -> None:
    queries = [example for name, example in examples.items() if name.endswith("-query")]
    scripted.answers(reply(rows([6, 90])))
    page_stats(service)
    sent = json.loads(scripted.asked[0].body)
    assert set(sent) <= {key for query in queries for key in query}
    (operator, dimension, values) = sent["filters"][0]
    documented = examples["behavioral-filters-query"]["filters"][1][1]
    assert (operator, dimension, type(values)) == (documented[0], documented[1], type(documented[2]))


def test_the_sandbox_answers_in_the_documented_form(sandbox_url: str, service: Service, examples: Examples) -> None:
    service.body_policy = Service.BodyPolicy.ALL
    service.save()
    page_stats(service)
    documented, said = examples["aggregate-response"], json.loads(Call.objects.get().body.response_body)
    assert set(said) == set(documented)
    assert set(said["results"][0]) == set(documented["results"][0])
