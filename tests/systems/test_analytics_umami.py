"""Page analytics by Umami: logging in, what its versions answer, and how they are asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integrations import credentials
from integrations.models import Call, Service
from integrations.systems.analytics.product import PageStats
from integrations.systems.analytics.sandbox import HIDDEN, WEBSITE, end_sessions
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked, SignInFailed
from tests.systems.analytics import LOG_IN, health, page_stats, reply, service_at
from tests.transport.server import Reply, ScriptedServer

BOTH = pytest.mark.parametrize("product", ["umami", "umami2"])
THREE = pytest.mark.parametrize("product", ["umami"])
TWO = pytest.mark.parametrize("product", ["umami2"])
FIGURES = {"pageviews": 6, "visitors": 5, "visits": 4, "bounces": 0, "totaltime": 6}


@pytest.fixture
def service(db: None, sandbox_url: str, product: str) -> Service:
    return service_at(sandbox_url, product, **LOG_IN)


@pytest.fixture
def scripted(service: Service, remote: ScriptedServer) -> ScriptedServer:
    """Instead of the sandbox; with a key, so that nobody has to log in first."""
    service.base_url = remote.url
    service.options |= {"umami_access": "api_key"}
    service.save()
    return remote


def figures_of_version_2(**more: int) -> dict[str, dict[str, int]]:
    figures = {"pageviews": 19, "uniques": 5, "bounces": 4, "totaltime": 60} | more
    return {name: {"value": value, "change": value} for name, value in figures.items()}


def operations() -> list[tuple[str, int | None]]:
    return list(Call.objects.order_by("id").values_list("operation", "status"))


@BOTH
def test_one_session_serves_all_calls(service: Service) -> None:
    health(service)
    page_stats(service)
    assert operations() == [("log_in", 200), ("check_health", 200), ("get_page_stats", 200)]


@BOTH
def test_a_session_that_ended_is_begun_anew(service: Service) -> None:
    health(service)
    end_sessions()
    health(service)
    assert operations()[2:] == [("check_health", 401), ("log_in", 200), ("check_health", 200)]


@BOTH
def test_a_wrong_password_is_told_and_not_tried_again(service: Service) -> None:
    credentials.store(service, "password", "another")
    for _ in range(2):
        with pytest.raises(SignInFailed, match="Signing in failed") as failure:
            page_stats(service)
        assert failure.value.code is Code.AUTH_FAILED
    assert [operation for operation in operations() if operation[1]] == [("log_in", 401)]


@BOTH
def test_what_is_not_entered_yet_is_named(service: Service) -> None:
    service.options |= {"username": ""}
    credentials.remove(service, "password")
    with pytest.raises(CallError, match="There is no “User” and “Password” yet"):
        health(service)


@BOTH
def test_a_website_that_the_account_may_not_see_is_told_with_the_mend(service: Service) -> None:
    service.options |= {"site": HIDDEN}
    for ask in (health, page_stats):
        with pytest.raises(CallError, match="a website that the account may not see: check “Site”") as failure:
            ask(service)
        assert failure.value.code is Code.AUTH_FAILED


@THREE
def test_version_3_answers_zeros_for_an_unknown_website_and_health_does_not(service: Service) -> None:
    service.options |= {"site": WEBSITE.replace("5", "6")}
    assert page_stats(service) == PageStats(0, None)
    with pytest.raises(CallError, match="Umami knows no website") as failure:
        health(service)
    assert failure.value.code is Code.NOT_FOUND


@THREE
def test_the_case_of_the_website_id_does_not_matter(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply({"id": WEBSITE, "name": None, "domain": "example.org"}))
    service.options |= {"site": f" {WEBSITE.upper()} "}
    assert health(service) == "Knows the website “example.org”."


@pytest.mark.parametrize(("product", "parameter"), [("umami", "path"), ("umami2", "url")])
def test_umami_is_asked_as_its_documentation_wants(service: Service, scripted: ScriptedServer, parameter: str) -> None:
    scripted.answers(reply({}))
    service.options |= {"site": "a/b"}
    with pytest.raises(CallError):
        page_stats(service, "/a&b=c/ü d")
    asked = scripted.asked[0]
    parts = urlsplit(asked.target)
    assert (asked.method, parts.path) == ("GET", "/websites/a%2Fb/stats")
    assert parse_qs(parts.query) == {
        "startAt": ["1767225600000"],
        "endAt": ["1769903999999"],
        parameter: ["/a&b=c/ü d"],
    }
    assert asked.headers["x-umami-api-key"] == "sandbox-api-key"
    assert "authorization" not in asked.headers


@THREE
@pytest.mark.parametrize(
    ("changed", "stats"),
    [
        ({}, PageStats(6, 1.5)),
        ({"comparison": {"pageviews": 1}}, PageStats(6, 1.5)),
        ({"pageviews": "6", "visits": "4", "totaltime": "6"}, PageStats(6, 1.5)),
        ({"totaltime": 0}, PageStats(6, 0.0)),
        ({"totaltime": 5.0}, PageStats(6, 1.25)),
        ({"visits": 0}, PageStats(6, None)),
        ({"pageviews": None, "visits": "0", "bounces": None, "totaltime": None}, PageStats(0, None)),
    ],
)
def test_version_3_is_understood(
    service: Service, scripted: ScriptedServer, changed: dict[str, Any], stats: PageStats
) -> None:
    scripted.answers(reply(FIGURES | changed))
    assert page_stats(service) == stats


@TWO
@pytest.mark.parametrize(
    ("more", "stats"),
    [
        ({}, PageStats(19, 4.0)),
        ({"bounces": 19, "totaltime": 0}, PageStats(19, None)),
        ({"pageviews": 0, "bounces": 0, "totaltime": 0}, PageStats(0, None)),
        ({"visits": 10}, PageStats(19, 6.0)),  # since 2.11
        ({"visits": 0}, PageStats(19, None)),
    ],
)
def test_version_2_is_understood(
    service: Service, scripted: ScriptedServer, more: dict[str, int], stats: PageStats
) -> None:
    scripted.answers(reply(figures_of_version_2(**more)))
    assert page_stats(service) == stats


@THREE
@pytest.mark.parametrize("name", ["pageviews", "visits", "totaltime"])
@pytest.mark.parametrize(
    "value", [-1, "six", "-6", "1.5", "\N{ARABIC-INDIC DIGIT SIX}", True, [], {}, 10**30, "9" * 30]
)
def test_a_figure_that_is_none_is_unreadable(service: Service, scripted: ScriptedServer, name: str, value: Any) -> None:
    scripted.answers(reply(FIGURES | {name: value}))
    with pytest.raises(CallError, match=f"no number at “{name}”") as failure:
        page_stats(service)
    assert failure.value.code is Code.BAD_ANSWER


@THREE
@pytest.mark.parametrize("body", [b'{"pageviews": 6, "visits": 4, "totaltime": NaN}', b'{"pageviews": 6}'])
def test_figures_that_are_not_all_there_are_unreadable(service: Service, scripted: ScriptedServer, body: bytes) -> None:
    scripted.answers(Reply(body=body))
    with pytest.raises(CallError) as failure:
        page_stats(service)
    assert failure.value.code is Code.BAD_ANSWER


@pytest.mark.parametrize(
    ("product", "body", "other"), [("umami", figures_of_version_2(), "Umami 2"), ("umami2", FIGURES, "Umami 3")]
)
def test_the_other_version_is_recognised(service: Service, scripted: ScriptedServer, body: Any, other: str) -> None:
    scripted.answers(reply(body))
    with pytest.raises(CallError, match=f"This looks like {other}: choose that as product") as failure:
        page_stats(service)
    assert failure.value.code is Code.BAD_ANSWER


@THREE
def test_a_path_that_version_3_would_split_is_not_sent(service: Service) -> None:
    with pytest.raises(CallError, match="takes the comma in “/a,b” for the end of a path") as failure:
        page_stats(service, "/a,b")
    assert failure.value.code is Code.NOT_SENDABLE
    assert not Call.objects.exists()


@TWO
def test_version_2_takes_a_comma_as_it_is(service: Service) -> None:
    assert page_stats(service, "/about,/") == PageStats(0, None)


@THREE
def test_what_umami_says_of_a_bad_request_reaches_staff(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(reply({"error": {"message": "Bad request", "code": "bad-request", "status": 400}}, 400))
    with pytest.raises(CallError, match="It answered 400: Bad request") as failure:
        page_stats(service)
    assert failure.value.code is Code.HTTP_ERROR


@THREE
def test_a_wait_that_umami_names_is_kept(service: Service, scripted: ScriptedServer) -> None:
    scripted.answers(Reply(429, b"", (("Retry-After", "120"),)))
    with pytest.raises(Parked, match="429"):
        page_stats(service)
