"""The Wagtail peer's page type, its API address and the pages it is filled with.

Runs inside the peer's own virtual environment, where Wagtail is; the console
never imports it. Everything about page number N follows from N alone, so that two
databases of the same size hold the same pages.
"""
# mypy: disable-error-code="import-not-found,import-untyped,misc"

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import URLResolver, include, path
from django.utils.html import escape
from wagtail.fields import RichTextField
from wagtail.models import Page, Site

FIRST_PUBLISHED = datetime(2021, 3, 1, 6, 0, 0, 120_481, tzinfo=UTC)
urlpatterns: list[URLResolver] = []

SUBJECTS = (
    "The harbour at Łódź",
    "Bread & salt",
    "Crème brûlée for forty",
    "What the night shift knows",
    "Über-long summers",
    "Notes on 東京 stations",
    "Profit & loss, explained",
    "A naïve map of Reykjavík",
    "Repairing the east wing",
    "Ελένη and the archive",
    "Five questions for the mayor",
)
TURNS = ("in brief", "one year on", "a second look", "the long version", "in numbers")
AUTHORS = ("Zoë Ångström", "Maria O'Neill", "Jürgen Groß", "Иван Петров", "Ann Lee", "")
SENTENCES = (
    "The ferry leaves at six &amp; nobody waits for it.",
    "Tickets cost &euro;12, or &lt;&nbsp;&euro;10 for a group of five.",
    "“We had expected rain,” she said — “not this.”",
    'Read <a href="https://example.org/report?year=2024&amp;part=2">the report</a>.',
    "Last year it was <b>nearly double</b>, and the year before <i>half</i>.",
    "In São Paulo the same plan took eleven months; in Malmö, three weeks.",
    "Smith &amp; Sons supplied the timber, as they have since 1911.",
    "Temperatures reached 31&nbsp;°C before noon.",
    "Nobody at the town hall would say &quot;yes&quot; on the record.",
    "The choir sang 『さくら』 twice, the second time without a conductor.",
    "It isn&#39;t clear who owns the bridge 🌉 today.",
)


class ArticlePage(Page):
    """One article; its modification stamp is served under ``meta``."""

    author: models.CharField[str, str] = models.CharField(max_length=120, blank=True)
    body = RichTextField(blank=True)

    # The API leaves out when a page was last published unless asked to serve it.
    api_fields: ClassVar[list[str]] = ["body", "author"]
    api_meta_fields: ClassVar[list[str]] = ["last_published_at"]
    # Neither index is asked for by a reader of the API; both slow the filling down.
    search_auto_update = False
    wagtail_reference_index_ignore = True

    class Meta:
        app_label = "articles"

    def serve(self, _request: HttpRequest) -> HttpResponse:
        """Answer at ``html_url``: the address the API hands out leads somewhere."""
        return HttpResponse(f"<h1>{escape(self.title)}</h1>{self.body}")


def pick(choices: tuple[str, ...], number: int) -> str:
    return choices[number % len(choices)]


def title_of(number: int) -> str:
    return f"{pick(SUBJECTS, number)}: {pick(TURNS, number // 3)} (no. {number})"


def paragraph(number: int, place: int) -> str:
    """Two to four sentences, in an order that differs from page to page."""
    start, stride = number + 3 * place, 1 + number % 7
    count = 2 + (number + place) % 3
    chosen = (pick(SENTENCES, start + stride * i) for i in range(count))
    return f"<p>{' '.join(chosen)}</p>"


def body_of(number: int) -> str:
    """Three to six paragraphs, with a heading and a list among them."""
    parts = [paragraph(number, place) for place in range(3 + number % 4)]
    parts.insert(1, f"<h2>{pick(TURNS, number).capitalize()} &amp; beyond</h2>")
    items = "".join(f"<li>{pick(AUTHORS[:5], number + i)}</li>" for i in range(3))
    parts.insert(3, f"<ul>{items}</ul>")
    return "".join(parts)


def first_published(number: int) -> datetime:
    return FIRST_PUBLISHED + timedelta(hours=5 * number, microseconds=7919 * number)


def last_published(number: int) -> datetime:
    """Every third page was edited after its first publication."""
    edited = timedelta(days=1 + number % 40) if number % 3 == 0 else timedelta()
    return first_published(number) + edited


def article(number: int) -> ArticlePage:
    return ArticlePage(
        title=title_of(number),
        slug=f"article-{number:05d}",
        author=pick(AUTHORS, number),
        body=body_of(number),
        live=True,
        first_published_at=first_published(number),
        last_published_at=last_published(number),
    )


def fill(pages: int) -> None:
    """Create exactly this many live pages under the site's home page."""
    home = Site.objects.get(is_default_site=True).root_page
    with transaction.atomic():
        for number in range(1, pages + 1):
            home.add_child(instance=article(number))


def route() -> None:
    """Add the API's address and the pages' own.

    Only now, because the API's views cannot be imported before all models are.
    """
    from wagtail.api.v2.router import WagtailAPIRouter
    from wagtail.api.v2.views import PagesAPIViewSet

    router = WagtailAPIRouter("wagtailapi")
    router.register_endpoint("pages", PagesAPIViewSet)
    urlpatterns.append(path("api/v2/", router.urls))
    urlpatterns.append(path("", include("wagtail.urls")))
