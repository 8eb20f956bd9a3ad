"""The remote of the benchmark of calls: a process of its own that answers the same bytes for ever.

It does as little as a server can, so that its share of a call is small and the same for every candidate.
"""

from __future__ import annotations

import json
from socketserver import StreamRequestHandler

from serving import serve

SIZES = {"2 KB": 3, "20 KB": 34}  # articles in the answer
PATHS = {size: f"/{articles}" for size, articles in SIZES.items()}
PARAGRAPH = "Nobody had counted them before, so the first figure was a guess that turned out nearly right. "


def _article(number: int) -> dict[str, object]:
    slug = f"street-lamps-in-winter-part-{number}"
    return {
        "id": number,
        "meta": {
            "type": "blog.BlogPage",
            "html_url": f"https://cms.example.org/{slug}/",
            "slug": slug,
            "first_published_at": f"2026-01-{number % 28 + 1:02d}T08:00:00+00:00",
        },
        "title": f"Street lamps in winter, part {number}",
        "author": "The editors",
        "body": f"<p>{PARAGRAPH * 3}</p>",
    }


def body(articles: int) -> bytes:
    """The JSON of a list with so many articles."""
    found = {"meta": {"total_count": 1200}, "items": [_article(number) for number in range(articles)]}
    return json.dumps(found).encode()


def _answer(articles: int) -> bytes:
    content = body(articles)
    headers = {
        "Date": "Thu, 05 Mar 2026 12:00:00 GMT",
        "Server": "bench",
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": len(content),
        "Cache-Control": "private, max-age=60",
        "ETag": '"0123456789abcdef0123456789abcdef"',
        "Vary": "Accept, Authorization",
        "X-Request-Id": "0b9c1c52-2f43-4d51-9f0a-5f7f2b1f6f10",
        "X-RateLimit-Limit": "5000",
        "X-RateLimit-Remaining": "4990",
    }
    lines = ["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode() + content


ANSWERS = {f"/{articles}/".encode(): _answer(articles) for articles in SIZES.values()}


class _Remote(StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer one GET after another on the same connection."""
        while line := self.rfile.readline():
            target = line.split()[1]
            while self.rfile.readline() not in {b"\r\n", b""}:
                pass
            self.wfile.write(next(answer for path, answer in ANSWERS.items() if target.startswith(path)))


if __name__ == "__main__":
    serve(_Remote)
