"""Link previews: pages and an API over real sockets, what is kept of them, and what is said when there is none."""

from __future__ import annotations

import pytest
from pytest_django import Settings

from integrations import ops, systems, tasks
from integrations.models import Call, HealthCheck, Service, ServiceState
from integrations.systems.opengraph import sandbox
from integrations.systems.opengraph.metadata import Image, Metadata
from integrations.transport.codes import Code
from integrations.transport.errors import Parked
from tests.systems.contract import client_of, service_of
from tests.systems.examples import Variant
from tests.systems.previewing import page, preview, refusal
from tests.transport.server import Reply, ScriptedServer, closed_port

VARIANTS = {"api": Variant({"source": "api"})}


@pytest.fixture
def previews(db: None, sandbox_url: str, remote: ScriptedServer, settings: Settings) -> Service:
    """A service that may also fetch from the scripted remote."""
    settings.UNTRUSTED_PORTS = (*settings.UNTRUSTED_PORTS, remote.port)
    return service_of(systems.get("opengraph"), sandbox_url)


def test_a_page_made_for_sharing_is_read(previews: Service) -> None:
    url = f"{previews.base_url}/page/"
    cover, sketch = (url.replace("/page/", f"/{name}.png") for name in ("cover", "map"))
    assert preview(previews, f" {url}#part ") == Metadata(
        url=url,
        title=sandbox.TITLE,
        description=sandbox.DESCRIPTION,
        site_name=sandbox.SITE,
        canonical_url=url,
        images=(Image(cover, 1200, 630, alt="A train at dawn"), Image(sketch)),
    )


def test_a_page_with_a_card_for_twitter_is_read(previews: Service) -> None:
    found = preview(previews, f"{previews.base_url}/twitter/")
    assert (found.title, found.description) == (sandbox.TITLE, sandbox.DESCRIPTION)
    assert found.image == f"{previews.base_url}/cover.png"
    assert found.canonical_url == f"{previews.base_url}/twitter/"


def test_a_page_made_for_nothing_is_read(previews: Service) -> None:
    found = preview(previews, f"{previews.base_url}/plain/")
    assert (found.title, found.description, found.image) == (sandbox.TITLE, sandbox.DESCRIPTION, "")
    assert found.canonical_url == f"{previews.base_url}/page/"


def test_an_old_japanese_page_is_read(previews: Service) -> None:
    assert preview(previews, f"{previews.base_url}/japanese/").title == "夜行列車①"


def test_addresses_are_relative_to_where_the_page_was_found_today_and_tomorrow(previews: Service) -> None:
    for _ in range(2):
        found = preview(previews, f"{previews.base_url}/moved/")
        assert (found.url, found.image) == (f"{previews.base_url}/page/", f"{previews.base_url}/cover.png")
    assert [call.cache for call in Call.objects.order_by("started_at")] == ["", "", "hit"]


def test_a_page_is_asked_for_once_a_day(previews: Service, remote: ScriptedServer) -> None:
    remote.answers(page("<title>t</title>"))
    assert {preview(previews, remote.url).title for _ in range(3)} == {"t"}
    assert len(remote.asked) == 1
    assert remote.asked[0].headers["accept"] == "text/html,application/xhtml+xml"
    assert not {"cookie", "authorization", "referer"} & remote.asked[0].headers.keys()


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_no_page_is_kept_too(previews: Service, remote: ScriptedServer, status: int) -> None:
    remote.answers(page("<title>Not here</title>", status=status))
    assert {refusal(previews, remote.url).code for _ in range(3)} == {Code.NOT_FOUND}
    assert len(remote.asked) == 1


def test_a_failure_is_not_kept(previews: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(500), page("<title>t</title>"))
    assert refusal(previews, remote.url).code is Code.SERVER_ERROR
    assert preview(previews, remote.url).title == "t"


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        ("image/png", "image/png"),
        ("application/json; charset=utf-8", "application/json"),
        ("text/plain", "text/plain"),
        ("application/xml", "application/xml"),
        ("text/htmlx", "text/htmlx"),
        ("", "something without a type"),
        ("<script>", "something without a type"),
    ],
)
def test_what_is_no_page_is_not_read(previews: Service, remote: ScriptedServer, content_type: str, said: str) -> None:
    remote.answers(Reply(body=b"<title>t</title>", content_type=content_type))
    error = refusal(previews, remote.url)
    assert (error.code, str(error)) == (Code.BAD_ANSWER, f"The address leads to {said}, not to a web page.")


@pytest.mark.parametrize("content_type", ["TEXT/HTML", "text/html;charset=x", " application/xhtml+xml ; a=b"])
def test_a_page_may_say_that_it_is_one_in_several_ways(
    previews: Service, remote: ScriptedServer, content_type: str
) -> None:
    remote.answers(Reply(body=b"<title>t</title>", content_type=content_type))
    assert preview(previews, remote.url).title == "t"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "http://user:password@example.com/",
        "http://127.0.0.1\\@example.com/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[::1]/",
        "http://10.0.0.1/",
        "http://example.com:22/",
        "http://[",
        "http://\ud800/",
    ],
)
def test_what_is_not_public_is_not_fetched(previews: Service, url: str) -> None:
    assert refusal(previews, url).code is Code.BLOCKED_ADDRESS


def test_a_redirect_to_the_inside_is_not_followed(previews: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(302, headers=(("Location", "http://10.0.0.1/"),)))
    assert refusal(previews, remote.url).code is Code.BLOCKED_ADDRESS


def test_dead_links_stop_no_others(previews: Service, remote: ScriptedServer, settings: Settings) -> None:
    dead = closed_port()
    settings.UNTRUSTED_PORTS = (*settings.UNTRUSTED_PORTS, dead)
    for number in range(12):
        assert refusal(previews, f"http://127.0.0.1:{dead}/{number}").code is Code.CONNECTION_REFUSED
    remote.answers(Reply(429, headers=(("Retry-After", "3600"),)))
    with pytest.raises(Parked):
        preview(previews, remote.url)
    assert preview(previews, f"{previews.base_url}/page/").title == sandbox.TITLE
    assert ServiceState.objects.get().circuit == "closed"


@pytest.mark.parametrize("source", ["page", "api"])
def test_health_reads_a_page_anew(previews: Service, source: str) -> None:
    previews.options["source"] = source
    for _ in range(2):
        with client_of(previews) as client:
            assert client.check_health() == f"Read “{sandbox.TITLE}”."
    assert [call.cache for call in Call.objects.all()] == ["", ""]


def test_health_reads_a_page_without_a_title(previews: Service, remote: ScriptedServer) -> None:
    previews.options["probe_url"] = remote.url
    remote.answers(page("hello"))
    with client_of(previews) as client:
        assert client.check_health() == f"Read {remote.url}/, which has no title."


def test_health_says_what_is_wrong_with_the_page(previews: Service) -> None:
    Service.objects.update(options={"probe_url": f"{previews.base_url}/cover.png"})
    check = ops.check(previews, HealthCheck.Trigger.COMMAND)
    tasks.check_health(str(check.pk))
    check.refresh_from_db()
    assert (check.state, check.failure_code) == ("failed", "bad_answer")
    assert check.failure_message.startswith("The address leads to image/png, not to a web page.")
