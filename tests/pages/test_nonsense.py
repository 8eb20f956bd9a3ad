"""What services say that nobody should be shown, and what strangers say that is shown as text."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.models import Enrichment, Essay, Service
from tests.pages.conftest import Connect
from tests.pages.showing import QUIET, looked, settled
from tests.pages.trouble import Shown
from tests.transport.server import Reply, ScriptedServer

pytestmark = pytest.mark.django_db(transaction=True)

NONSENSE = {
    "analytics": [
        b"<!doctype html><script>alert(1)</script>",
        b"[]",
        b'{"pageviews": "many", "visits": 1, "totaltime": 1}',
        b'{"pageviews": -4500, "visits": 1, "totaltime": 1}',
        b'{"pageviews": 9007199254740992, "visits": 1, "totaltime": 1}',
        b'{"pageviews": 45, "visits": 1, "totaltime": -80}',
        b'{"pageviews": 45, "visits": 1, "totaltime": NaN}',
        b'{"pageviews": 45, "visits": 1, "totaltime": 9007199254740991}',
    ],
    "preview": [
        b'{"not": "a page"}',
        b"<title></title>",
        b"\xff\xfe\x00",
        b'<meta property="og:title" content=" \xe2\x80\xae ">',
    ],
    "assessment": [
        b"<!doctype html><script>alert(1)</script>",
        b'{"pin": 1}',
        *(
            json.dumps([{"pin": "07080200003000", "year": year, "board_tot": total, "board_land": land}]).encode()
            for year, total, land in [
                ("2026", "-5", "1"),
                ("2026", "1e400", "1"),
                ("2026", float("nan"), "1"),
                ("2026", "<script>alert(1)</script>", "1"),
                ("9999", "5", "1"),
                ("2026", "5", "99999999999999999"),
            ]
        ),
    ],
    "place": [
        b"<!doctype html><script>alert(1)</script>",
        b'[{"lat": "north", "lon": "1"}]',
        b'[{"lat": "91", "lon": "1"}]',
        b'[{"lat": NaN, "lon": 1}]',
        b'[{"lat": 1e400, "lon": "1"}]',
        b'{"error": {"code": 500}}',
    ],
}


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        pytest.param(kind, body, id=f"{kind}-{number}")
        for kind in NONSENSE
        for number, body in enumerate(NONSENSE[kind])
    ],
)
def test_nonsense_is_shown_to_nobody(shown: Shown, remote: ScriptedServer, body: bytes, settings: object) -> None:
    settings.UNTRUSTED_PORTS = (remote.port,)  # type: ignore[attr-defined]
    remote.answers(Reply(body=body, content_type="text/html" if shown.kind == "preview" else "application/json"))
    Service.objects.filter(pk=shown.service.pk).update(base_url=remote.url)
    if shown.kind == "preview":
        Essay.objects.update(url=f"{remote.url}/page")
    assert shown.settled().endswith(QUIET)
    row = Enrichment.objects.get()
    assert (row.state, row.value) == ("failed", None)
    assert row.failure_code in {"bad_answer", "not_found"}, row.failure_message
    assert remote.asked


def test_what_strangers_write_is_text(
    essay: Essay,
    connect: Connect,
    remote: ScriptedServer,
    viewer: User,
    as_person: Callable[[User], Client],
    settings: object,
) -> None:
    settings.UNTRUSTED_PORTS = (remote.port,)  # type: ignore[attr-defined]
    page = (
        '<meta property="og:title" content="<script>alert(1)</script>">'
        '<meta property="og:description" content="\'&quot;><img src=x onerror=alert(1)>">'
        '<meta property="og:url" content="javascript:alert(1)">'
        '<meta property="og:image" content="javascript:alert(2)">'
    )
    remote.answers(Reply(body=page.encode(), content_type="text/html"))
    connect("opengraph")
    Essay.objects.update(url=f"{remote.url}/page")
    client = as_person(viewer)
    assert "<script>alert(1)</script>" in settled(client, "preview", essay)
    markup = looked(client, "preview", essay)
    assert "<script" not in markup
    assert "<img" not in markup
    assert "javascript:" not in markup
    assert f'href="{remote.url}/page"' in markup
