"""The client of link previews alone, by the examples of the Open Graph protocol."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.systems.opengraph.metadata import Image, Metadata
from integrations.transport.codes import Code
from tests.systems.unit.alone import Alone, Case, Turn

PREVIEWS = Alone("opengraph", "https://api.example.org", {"api_url": "https://api.example.org/?url={url}"})
API = {
    "source": "api",
    "title_path": "data.title",
    "description_path": "data.description",
    "image_path": "data.image",
    "site_path": "data.site",
    "url_path": "data.url",
}
MOVIE = "https://www.example.com/title/tt0117500/"
PAGE = """<html prefix="og: https://ogp.me/ns#"><head><title>The Rock (1996)</title>
<meta property="og:title" content="The Rock" /><meta property="og:type" content="video.movie" />
<meta property="og:url" content="https://www.example.com/title/tt0117500/" />
<meta property="og:image" content="https://ia.example.com/images/rock.jpg" /></head></html>"""
TOLD = {"data": {"title": "The Rock", "image": "https://ia.example.com/images/rock.jpg", "url": MOVIE}}
ROCK = Metadata(MOVIE, "The Rock", canonical_url=MOVIE, images=(Image("https://ia.example.com/images/rock.jpg"),))


def preview(client: Any) -> object:
    return client.fetch_metadata(f"{MOVIE}#cast")


CASES = [
    Case("fetch_metadata", preview, (Turn("GET", MOVIE, PAGE, kind="text/html"),), ROCK),
    Case(
        "fetch_metadata by an API",
        preview,
        (Turn("GET", "https://api.example.org/", TOLD, query={"url": MOVIE}, headers={"Accept": "application/json"}),),
        ROCK,
        API,
    ),
    Case(
        "check_health",
        lambda client: client.check_health(),
        (Turn("GET", MOVIE, PAGE, kind="text/html"),),
        "Read “The Rock”.",
        {"probe_url": MOVIE},
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_an_operation_asks_and_reads_as_documented(case: Case) -> None:
    assert PREVIEWS.outcome(case) == case.result


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [(404, "Gone", Code.NOT_FOUND), (500, "", Code.SERVER_ERROR), (200, {"no": "page"}, Code.BAD_ANSWER)],
)
def test_what_is_no_page_has_one_of_our_codes(status: int, answer: Any, code: Code) -> None:
    assert PREVIEWS.refused(preview, Turn("GET", MOVIE, answer, status)).code is code
