"""Page analytics: the same figures by every product, what is refused, and what is kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from integrations import credentials, ops, tasks
from integrations.models import HealthCheck, Service
from integrations.models.call import Call, CallBody
from integrations.systems.analytics.product import PageStats
from integrations.systems.analytics.sandbox import BUSY, EVERY_S, PAGES, SECRETS
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.answers.asking import grow_old, told
from tests.systems.analytics import JANUARY, LOG_IN, OPTIONS, health, page_stats, reply, service_at
from tests.systems.examples import Variant, Write
from tests.transport.server import Reply, ScriptedServer

DAY = timedelta(days=1)
EACH = pytest.mark.parametrize("product", OPTIONS)
WRITES = {
    "get_page_stats": Write(
        "POST", lambda client: client.get_page_stats("/about", *JANUARY), False, OPTIONS["plausible"]
    )
}
VARIANTS = {
    "login": Variant(LOG_IN),
    "umami2": Variant(OPTIONS["umami2"], path="/umami2"),
    "plausible": Variant(OPTIONS["plausible"]),
}
UMAMI = {"pageviews": 6, "visitors": 5, "visits": 4, "bounces": 0, "totaltime": 6}


@pytest.fixture
def service(db: None, sandbox_url: str, product: str) -> Service:
    return service_at(sandbox_url, product)


@pytest.fixture
def scripted(service: Service, remote: ScriptedServer) -> ScriptedServer:
    """Instead of the sandbox; with a key, so that nobody has to log in first."""
    service.base_url = remote.url
    service.options |= {"umami_access": "api_key"}
    service.save()
    return remote


@EACH
@pytest.mark.parametrize("page", PAGES)
def test_every_product_counts_the_views_of_one_page(service: Service, page: str) -> None:
    # 124 visits of 1, 2 and 3 views in turn
    assert page_stats(service, page).page_views in range(247, 250)


@pytest.mark.parametrize(("product", "average"), [("umami", 4960 / 124), ("umami2", 4960 / 207), ("plausible", 40)])
def test_the_average_is_by_the_products_own_formula(service: Service, average: float) -> None:
    # 41 visits each of 1, 2 and 3 views, which lasted 0, 40 and 80 seconds, and another one of 2 views
    assert page_stats(service) == PageStats(248, average)


@EACH
@pytest.mark.parametrize("page", ["/nowhere", "/about/", "/ABOUT", "/about' or '1", "/%", "/<script>"])
def test_a_page_that_nobody_saw_has_no_views_and_no_average(service: Service, page: str) -> None:
    assert page_stats(service, page) == PageStats(0, None)


@EACH
def test_the_end_is_not_part_of_the_period(service: Service) -> None:
    days = [JANUARY[0] + number * DAY for number in range(4)]
    each = [page_stats(service, "/", day, day + DAY).page_views for day in days]
    assert sum(each) == page_stats(service, "/", days[0], days[-1] + DAY).page_views
    first = page_stats(service, "/", days[0], days[0] + timedelta(seconds=EVERY_S)).page_views
    assert 0 < first < each[0]


@EACH
def test_a_period_may_be_given_in_any_zone(service: Service) -> None:
    eastern = timezone(timedelta(hours=-5))
    assert page_stats(service, "/", *(moment.astimezone(eastern) for moment in JANUARY)) == page_stats(service, "/")
    assert told()[-1][0] == "hit"


@EACH
@pytest.mark.parametrize("page", ["", "about", "https://example.org/about", "/about?page=2"])
def test_what_is_no_path_is_not_sent(service: Service, page: str) -> None:
    with pytest.raises(CallError, match="is not the path of a page") as failure:
        page_stats(service, page)
    assert failure.value.code is Code.NOT_SENDABLE
    assert not Call.objects.exists()


@EACH
def test_a_period_must_have_a_length_and_zones(service: Service) -> None:
    with pytest.raises(CallError, match="must end after it begins"):
        page_stats(service, "/", JANUARY[1], JANUARY[0])
    with pytest.raises(CallError, match="must end after it begins"):
        page_stats(service, "/", JANUARY[0], JANUARY[0])
    with pytest.raises(ValueError, match="zone"):
        page_stats(service, "/", JANUARY[0], datetime(2026, 2, 1))  # noqa: DTZ001 - that is what is tested


@EACH
@pytest.mark.parametrize("site", [None, "", "  "])
def test_without_a_site_nothing_is_sent(service: Service, site: Any) -> None:
    service.options |= {"site": site}
    for ask in (page_stats, health):
        with pytest.raises(CallError, match="no “Site” yet") as failure:
            ask(service)
        assert failure.value.code is Code.NOT_SENDABLE


@pytest.mark.parametrize(
    ("product", "remark"),
    [("umami", "Knows the website “Sandbox”."), ("umami2", "Knows the website “Sandbox”."), ("plausible", " today.")],
)
def test_health_proves_credentials_and_site(service: Service, remark: str) -> None:
    assert health(service).endswith(remark)


@pytest.mark.parametrize(
    ("product", "site", "code", "words"),
    [
        ("umami", "9d1c3f2e-0000-4000-8000-000000000000", "not_found", "Umami knows no website"),
        (
            "umami2",
            "9d1c3f2e-0000-4000-8000-000000000000",
            "server_error",
            "Umami 2 answers so where it does not know the website",
        ),
        ("plausible", "sandbox.exmaple", "auth_failed", "the same of an unknown key and of an unknown site"),
    ],
)
def test_a_mistyped_site_is_found_at_set_up(service: Service, site: str, code: str, words: str) -> None:
    service.options |= {"site": site}
    service.save()
    check = ops.check(service, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    check.refresh_from_db()
    assert (check.state, check.failure_code) == ("failed", code)
    assert words in check.failure_message


@pytest.mark.parametrize("product", ["umami", "plausible"])
def test_a_wrong_key_is_told_with_what_else_it_may_be(service: Service) -> None:
    credentials.store(service, "api_key", "another")
    for ask in (page_stats, health):
        with pytest.raises(CallError, match=r"check “Site” and (the credentials|“API key”)") as failure:
            ask(service)
        assert failure.value.code is Code.AUTH_FAILED


@pytest.mark.parametrize(
    ("product", "soonest", "latest"),
    [
        ("umami", timedelta(seconds=1), timedelta(seconds=15)),
        ("plausible", timedelta(0), timedelta(hours=1, seconds=5)),
    ],
)
def test_a_limit_that_names_no_wait_parks(service: Service, soonest: timedelta, latest: timedelta) -> None:
    credentials.store(service, "api_key", BUSY)
    began = datetime.now(UTC)
    with pytest.raises(Parked, match="Too many") as parked:
        page_stats(service)
    assert began + soonest < parked.value.until <= datetime.now(UTC) + latest
    assert Call.objects.get().code == "rate_limited"


@pytest.mark.parametrize("product", ["plausible"])
def test_plausible_is_asked_again_in_the_next_full_hour(service: Service) -> None:
    credentials.store(service, "api_key", BUSY)
    with pytest.raises(Parked) as parked:
        health(service)
    assert (parked.value.until.minute, parked.value.until.second) == (0, 5)


@EACH
def test_figures_are_kept_for_a_quarter_of_an_hour(service: Service) -> None:
    first = page_stats(service)
    assert page_stats(service) == first
    assert told()[-1] == ("hit", "ok", 200)
    grow_old(15 * 60)
    assert page_stats(service) == first
    assert told()[-1] == ("", "ok", 200)


@pytest.mark.parametrize(("product", "body"), [("umami", UMAMI), ("plausible", {"results": [{"metrics": [6, 1.5]}]})])
@pytest.mark.parametrize("failure", [Reply(503), Reply(429, b'{"error": "Too many API requests."}'), Reply(reset=True)])
def test_figures_of_a_week_stand_in_for_a_product_that_fails(
    service: Service, scripted: ScriptedServer, body: Any, failure: Reply
) -> None:
    scripted.answers(reply(body))
    assert page_stats(service) == PageStats(6, 1.5)
    scripted.answers(failure)
    grow_old(6 * DAY.total_seconds())
    stale = page_stats(service)
    assert (stale.page_views, stale.average_visit_s) == (6, 1.5)
    assert stale.as_of
    grow_old(2 * DAY.total_seconds())
    with pytest.raises((CallError, Parked)):
        page_stats(service)


@EACH
@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{}", b"5", b'"text"', b"<!DOCTYPE html><title>Log in</title>", b'{"results": {}}']
)
def test_an_answer_of_another_shape_is_unreadable(service: Service, scripted: ScriptedServer, body: bytes) -> None:
    scripted.answers(Reply(body=body))
    with pytest.raises(CallError) as failure:
        page_stats(service)
    assert failure.value.code is Code.BAD_ANSWER


@EACH
@pytest.mark.parametrize("body", [[], {}, 5, "text", {"id": None}, {"id": "x"}, {"results": [{"metrics": ["many"]}]}])
def test_an_answer_about_nothing_is_not_healthy(service: Service, scripted: ScriptedServer, body: Any) -> None:
    scripted.answers(reply(body))
    with pytest.raises(CallError) as failure:
        health(service)
    assert failure.value.code is Code.BAD_ANSWER


@EACH
def test_nothing_secret_is_in_the_log(service: Service) -> None:
    service.body_policy = Service.BodyPolicy.ALL
    service.save()
    page_stats(service)
    health(service)
    kept = [str(row) for row in (*Call.objects.values(), *CallBody.objects.values())]
    assert len(kept) >= 4
    assert [row for row in kept if any(secret in row for secret in SECRETS.values())] == []


@pytest.mark.parametrize("product", ["umami"])
def test_user_and_password_are_for_umami_that_is_self_hosted(service: Service, scripted: ScriptedServer) -> None:
    service.options |= LOG_IN
    scripted.answers(reply({"token": "a session"}), reply(UMAMI))
    assert page_stats(service) == PageStats(6, 1.5)
    assert [asked.target.partition("?")[0][:12] for asked in scripted.asked] == ["/auth/login", "/websites/5a"]
    assert scripted.asked[1].headers["authorization"] == "Bearer a session"
