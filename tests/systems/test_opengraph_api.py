"""Link previews read from a JSON metadata API: options, refusals, and what is no answer."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from pytest_django import Settings

from integrations import systems
from integrations.models import Call, Service
from integrations.systems.opengraph import sandbox
from integrations.systems.opengraph.metadata import Image, Metadata
from integrations.transport.codes import Code
from tests.systems.contract import service_of
from tests.systems.previewing import page, preview, refusal
from tests.transport.server import Reply, ScriptedServer


@pytest.fixture
def previews(db: None, sandbox_url: str, remote: ScriptedServer, settings: Settings) -> Service:
    """A service that may also fetch from the scripted remote."""
    settings.UNTRUSTED_PORTS = (*settings.UNTRUSTED_PORTS, remote.port)
    return service_of(systems.get("opengraph"), sandbox_url)


def test_an_api_can_be_asked_instead(previews: Service) -> None:
    url = "https://example.com/a?b=c&d=é"
    found = preview(previews, f"{url}#part", source="api")
    assert found == Metadata(
        url=url,
        title=sandbox.TITLE,
        description=sandbox.DESCRIPTION,
        site_name=sandbox.SITE,
        canonical_url=url,
        images=(Image("https://cdn.example/cover.png"),),
    )
    preview(previews, url, source="api")
    assert [call.cache for call in Call.objects.order_by("started_at")] == ["", "hit"]


def test_options_name_where_an_api_has_what(previews: Service, remote: ScriptedServer) -> None:
    answer = {"og": {"head": "A <b>title</b>\n", "pictures": ["/one.png", "/two.png"]}, "site": ["no text"]}
    remote.answers(Reply(body=json.dumps(answer).encode()))
    found = preview(
        previews,
        "https://example.com/a b",
        source="api",
        api_url=f"{remote.url}/v1?page={{url}}&render=no",
        title_path="og.head",
        image_path="og.pictures[0]",
        site_path="site",
        description_path=None,
    )
    assert remote.asked[0].target == f"/v1?page={quote('https://example.com/a%20b', safe='')}&render=no"
    assert remote.asked[0].headers["accept"] == "application/json"
    assert (found.title, found.description, found.site_name) == ("A <b>title</b>", "", "")
    assert (found.image, found.canonical_url) == ("https://example.com/one.png", "https://example.com/a%20b")


@pytest.mark.parametrize(
    "body", ["{}", "[]", "null", '"text"', "", "5", '{"title": 7}', '{"image": "data:image/png,x"}']
)
def test_an_api_that_says_nothing_of_use_is_told(previews: Service, remote: ScriptedServer, body: str) -> None:
    remote.answers(Reply(body=body.encode()))
    error = refusal(previews, "https://example.com/", source="api", api_url=f"{remote.url}/{{url}}")
    assert error.code is Code.BAD_ANSWER
    assert "no title, description or picture" in str(error)


def test_an_api_that_sends_a_page_is_told(previews: Service, remote: ScriptedServer) -> None:
    remote.answers(page("<title>Sign in</title>"))
    error = refusal(previews, "https://example.com/", source="api", api_url=f"{remote.url}/{{url}}")
    assert (error.code, str(error)) == (Code.BAD_ANSWER, "The answer is not JSON (it says it is text/html).")


def test_what_an_api_says_of_an_error_reaches_staff(previews: Service) -> None:
    error = refusal(previews, "https://example.com/", source="api", api_url=f"{previews.base_url}/api/?of={{url}}")
    assert str(error) == "It answered 400: The `url` parameter is not a valid URL."


def test_a_path_that_cannot_be_followed_is_told(previews: Service) -> None:
    error = refusal(previews, "https://example.com/", source="api", title_path="join(', ', data)")
    assert (error.code, str(error)) == (
        Code.BAD_ANSWER,
        "The path “join(', ', data)” cannot be followed in the API's answer.",
    )


@pytest.mark.parametrize("api_url", [None, "", "https://api.example/"])
def test_an_api_without_a_place_for_the_address_is_not_asked(previews: Service, api_url: str | None) -> None:
    error = refusal(previews, "https://example.com/", source="api", api_url=api_url)
    assert (error.code, "lacks {url}" in str(error)) == (Code.NOT_SENDABLE, True)


@pytest.mark.parametrize("url", ["", "example.com", "ftp://example.com/", "http://u:p@example.com/", "http://["])
def test_an_api_is_not_asked_for_what_is_no_page(previews: Service, url: str) -> None:
    assert refusal(previews, url, source="api").code is Code.BLOCKED_ADDRESS
    assert not Call.objects.exists()
