"""The source of the benchmark of syncs: a process of its own that lists records of about 1 KB, 100 a page.

`/records?cursor=<n>` begins after n records and names the next cursor; `/<count>/` in front says how many there are, and
`since=<moment>` asks for those alone that have changed since.
What differs between two records is their id, their title and when they changed; the rest of each is made once.
"""

from __future__ import annotations

import json
from functools import lru_cache
from socketserver import StreamRequestHandler
from urllib.parse import parse_qsl, urlsplit

from serving import serve

SIZE = 100
KINDS = 500
PARAGRAPH = "Nobody had counted them before, so the first figure was a guess that turned out nearly right. "


def record(number: int) -> dict[str, object]:
    """One of them; flat, since a list in it would cost the peer a table of its own."""
    return {"id": number, "title": f"Street lamp {number}", **_rest(number % KINDS)}


def _rest(kind: int) -> dict[str, object]:
    return {
        "updated_at": f"2026-01-{kind % 28 + 1:02d}T08:{kind % 60:02d}:00+00:00",
        "status": ("lit", "dark", "under repair")[kind % 3],
        "owner": f"Department {kind % 7}",
        "inspector": "Zoë Müller-Łukasik",
        "height_m": 4.5 + kind % 5,
        "watts": 40 + kind,
        "is_heritage": kind % 11 == 0,
        "street": f"{kind} Long Acre Lane, Little Wandering upon the Water",
        "latitude": round(51.4 + kind / 1000, 6),
        "longitude": round(-0.2 + kind / 1000, 6),
        "note": None if kind % 4 else "Hums.",
        "description": (PARAGRAPH * 6)[: 480 + kind % 60],
    }


@lru_cache(maxsize=KINDS)
def _rest_as_json(kind: int) -> bytes:
    return json.dumps(_rest(kind), ensure_ascii=False).encode()[1:]


def _as_json(number: int) -> bytes:
    return b'{"id": %d, "title": "Street lamp %d", %b' % (number, number, _rest_as_json(number % KINDS))


@lru_cache
def _kinds_since(moment: str) -> list[int]:
    return [kind for kind in range(KINDS) if str(_rest(kind)["updated_at"]) >= moment]


def page(count: int, begin: int, since: str = "") -> bytes:
    """The JSON of the page that begins after so many of those of `count` records that changed since a moment."""
    kinds = _kinds_since(since)
    there = count // KINDS * len(kinds) + sum(kind < count % KINDS for kind in kinds)
    end = min(begin + SIZE, there)
    following = str(end) if end < there else ""
    head = json.dumps({"total": there, "next": following}).encode()[:-1]
    numbers = (index // len(kinds) * KINDS + kinds[index % len(kinds)] for index in range(begin, end))
    return b'%b, "items": [%b]}' % (head, b", ".join(map(_as_json, numbers)))


class _Source(StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        """Answer one GET after another on the same connection."""
        while line := self.rfile.readline():
            asked = urlsplit(line.split()[1].decode())
            while self.rfile.readline() not in {b"\r\n", b""}:
                pass
            sent = dict(parse_qsl(asked.query))
            content = page(int(asked.path.split("/")[1]), int(sent.get("cursor", 0)), sent.get("since", ""))
            head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
            self.wfile.write(head.encode() + content)


if __name__ == "__main__":
    serve(_Source)
