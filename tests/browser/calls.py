"""Calls as they are looked at: one that went well, one that failed three times, one that wrote, one from the cache."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.contrib.auth.models import User
from django.utils import timezone

from integrations.models import Call, CallBody, Service

SENT = {
    "User-Agent": "django-operations-console/0.1",
    "Accept": "application/json",
    "Authorization": "[redacted]",
    "Host": "127.0.0.1",
}
ANSWERED = {
    "Content-Type": "application/json; charset=utf-8",
    "X-Request-Id": "7b0c1f1e-9c8d-4a52",
    "Cache-Control": "max-age=0",
}
ARTICLES = {
    "meta": {"total_count": 240, "next": None},
    "items": [
        {"id": 1, "title": "The harbour <b>“opens”</b> again", "published": True, "score": 4.5, "author": None},
        {"id": 2, "title": "Kräne & Schiffe", "published": False, "score": -1, "author": "Ines Köhler"},
    ],
}


PHASES = ("connect_ms", "tls_ms", "first_byte_ms", "download_ms")


@dataclass(frozen=True)
class Calls:
    """The newest attempt of each request."""

    fine: Call
    failed: Call
    wrote: Call
    cached: Call


def made_at(service: Service) -> Calls:
    """These four, and the attempts before the one that failed."""
    fine = _call(service, url=f"{service.base_url}/api/v2/pages/?limit=2&offset=0", queue_ms=12.0, dns_ms=4.2)
    _keep(fine, answer=json.dumps(ARTICLES, ensure_ascii=False))
    same, failing = (
        {"chain": uuid4(), "correlation_id": uuid4()},
        {"outcome": "failed", "code": "server_error", "status": 503},
    )
    error = "It answered 503: The database is being upgraded."
    for number, (ago_s, pause) in enumerate(((9, None), (8, 240.0), (6, 1900.0)), 1):
        failed = _call(
            service,
            **same,
            **failing,
            error=error,
            attempt=number,
            backoff_ms=pause,
            started_at=timezone.now() - timedelta(seconds=ago_s),
            url=f"{service.base_url}/api/v2/pages/?limit=20&offset=40",
        )
        _keep(failed, answer="<html>\n  <h1 class='big'>Down</h1>\n  <!-- soon -->\n</html>", kind="text/html")
    wrote = _call(
        service,
        method="POST",
        operation="create_article",
        url=f"{service.base_url}/api/v2/pages/",
        status=201,
        request_bytes=44,
    )
    _keep(wrote, asked='{"title": "It\'s new", "token": "[redacted]"}', answer='{"id": 241, "live": true}')
    cached = _call(service, cache="hit", duration_ms=0.4, **dict.fromkeys(PHASES))
    return Calls(fine, failed, wrote, cached)


def _call(service: Service, **more: Any) -> Call:
    usual: dict[str, Any] = {
        "operation": "list_articles",
        "method": "GET",
        "url": f"{service.base_url}/api/v2/pages/?limit=20&offset=0",
        "status": 200,
        "outcome": "ok",
        "code": "ok",
        "started_at": timezone.now(),
        "duration_ms": 148.3,
        "connect_ms": 11.0,
        "tls_ms": 24.5,
        "first_byte_ms": 89.4,
        "download_ms": 17.1,
        "response_bytes": 412,
        "remote_id": "7b0c1f1e-9c8d-4a52",
        "trigger": Call.Trigger.STAFF,
        "actor": User.objects.get(username="admin"),
        "correlation_id": uuid4(),
    }
    return Call.objects.create(service=service, **usual | more)


def _keep(call: Call, *, asked: str = "", answer: str = "", kind: str = "") -> None:
    CallBody.objects.create(
        call=call,
        request_headers=SENT | ({"Content-Type": "application/json"} if asked else {}),
        request_body=asked,
        request_sha256="5f" * 32 if asked else "",
        response_headers=ANSWERED | ({"Content-Type": kind} if kind else {}),
        response_body=answer,
        response_sha256="a7" * 32,
    )
