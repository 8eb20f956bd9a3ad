"""The articles that all the products of the sandbox have, and what their views need."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache

from django.http import HttpRequest, HttpResponse

ARTICLES = 240
KEY = "0123456789abcdef0123456789"  # as long as a Content API key of Ghost
SUBJECTS = ("Rivers", "Street lamps", "Libraries", "Orchards", "Harbours", "Bicycle lanes", "Night trains", "Markets")
ANGLES = ("and the people who mend them", "in winter", "at dawn", "seen from a bridge", "in numbers", "without maps")
SENTENCES = (
    "Nobody had counted them before, so the first figure was a guess that turned out nearly right.",
    "What looked like neglect was a decision, taken once and then forgotten by everybody who could undo it.",
    "The repair took an afternoon; finding out who was allowed to do it took most of a year.",
    "Every account begins with the weather, and this one is no exception.",
    "Those who use it daily notice the change last.",
)
AUTHOR = "The editors"


@dataclass(frozen=True)
class Article:
    """One of them; each product shows it in its own way."""

    number: int
    title: str
    slug: str
    body: str
    published: datetime
    modified: datetime


@cache
def article(number: int) -> Article:
    """The same one every time; each was modified two days after it was published."""
    chance = random.Random(number)  # noqa: S311 - nothing secret
    title = f"{chance.choice(SUBJECTS)} {chance.choice(ANGLES)}, part {math.ceil(number / 8)}"
    published = datetime(2026, 1, 5, 8, tzinfo=UTC) + timedelta(hours=7 * number)
    paragraphs = (" ".join(chance.sample(SENTENCES, 3)) for _ in range(4))
    slug = f"{title.lower().replace(',', '').replace(' ', '-')}-{number}"
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return Article(number, title, slug, body, published, published + timedelta(days=2))


def all_articles() -> list[Article]:
    """In the order in which they were published and modified."""
    return [article(number) for number in range(1, ARTICLES + 1)]


def modified_since(text: str | None) -> list[Article]:
    """Those modified at a moment or later; all where none is given.

    Raises:
        ValueError: it is no moment.
    """
    if not text:
        return all_articles()
    moment = datetime.fromisoformat(text)
    since = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return [each for each in all_articles() if each.modified >= since]


def whole(request: HttpRequest, name: str, default: int) -> int:
    """A number in the query.

    Raises:
        ValueError: it is none.
    """
    text = request.GET.get(name, str(default))
    if not text.isdecimal():
        raise ValueError(f"{name} must be a positive integer")
    return int(text)


def picture_of(request: HttpRequest, number: int) -> str:
    """The address of its cover."""
    return request.build_absolute_uri(f"/cms/media/{number}.svg")


def cover(request: HttpRequest, number: int) -> HttpResponse:
    """A coloured square."""
    colour = f"hsl({number * 37 % 360} 45% 55%)"
    drawn = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 4 3"><path fill="{colour}" d="M0 0h4v3H0z"/></svg>'
    return HttpResponse(drawn, content_type="image/svg+xml")


def bearer(request: HttpRequest) -> str:
    """The token that came; empty where none did."""
    return request.headers.get("Authorization", "").removeprefix("Bearer ")
