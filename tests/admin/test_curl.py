"""Copy as curl: a command that a shell takes apart into what was sent, with secrets as blank as they were stored."""

from __future__ import annotations

import json
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from integrations.admin import curl
from integrations.models import Call, CallBody
from tests.admin.hostile import HOSTILE

SHELL = 'curl() { for word in "$@"; do printf "%s\\0" "$word"; done; }\n'


def call(**more: Any) -> Call:
    usual = {"operation": "x", "method": "GET", "url": "http://127.0.0.1/a?b=[c]", "outcome": "ok", "code": "ok"}
    return Call(started_at=timezone.now(), duration_ms=1, correlation_id=uuid.uuid4(), **usual | more)


def words(command: str) -> list[str]:
    """As a real shell hands them over."""
    done = subprocess.run(["sh", "-c", SHELL + command], capture_output=True, check=True)
    assert not done.stderr
    return done.stdout.decode().split("\0")[:-1]


def headers(command: str) -> list[str]:
    found = words(command)
    return [found[at + 1] for at, word in enumerate(found) if word == "--header"]


@pytest.mark.parametrize(
    ("method", "wanted"),
    [
        ("GET", []),
        ("HEAD", ["--head"]),
        ("OPTIONS", ["--request", "OPTIONS"]),
        ("POST", ["--request", "POST"]),
        ("; rm -rf /", ["--request", "; rm -rf /"]),
    ],
)
def test_the_method_and_the_address_are_said(method: str, wanted: list[str]) -> None:
    made = curl.command(call(method=method), None)
    assert words(made) == ["--globoff", *wanted, "--url", "http://127.0.0.1/a?b=[c]"]


def test_headers_are_said_less_what_curl_says_itself() -> None:
    said = {"Accept": "a", "Authorization": "[redacted]", "Host": "x", "Content-Length": "3", "X-Empty": ""}
    made = curl.command(call(), CallBody(request_headers=said))
    assert headers(made) == ["Accept: a", "Authorization: [redacted]", "X-Empty;"]


def test_a_name_that_is_none_is_left_out() -> None:
    odd = {"@/etc/passwd": "x", "two words": "x", "line\nbreak": "x", "": "x"}
    assert headers(curl.command(call(), CallBody(request_headers=odd))) == []


@pytest.mark.parametrize("text", [*HOSTILE, 'it\'s $(id) `id` \\ "x"', "two\nlines\r\n", "@/etc/passwd", "-o x", "!!"])
def test_no_text_breaks_out(text: str) -> None:
    body = CallBody(request_headers={"X-Odd": text}, request_body=text)
    found = words(curl.command(call(method="POST", url=f"http://127.0.0.1/{text}"), body))
    assert found == [
        "--globoff",
        "--request",
        "POST",
        "--header",
        f"X-Odd: {text}",
        "--data-raw",
        text,
        "--url",
        f"http://127.0.0.1/{text}",
    ]


def test_no_naughty_string_breaks_out(shared_data: Path) -> None:
    naughty = json.loads((shared_data / "strings" / "blns.json").read_text())
    texts = [text.replace("\x00", "").encode("utf-8", "replace").decode() for text in naughty]
    body = CallBody(request_headers={f"X-{at}": text for at, text in enumerate(texts) if text})
    assert headers(curl.command(call(), body)) == [f"X-{at}: {text}" for at, text in enumerate(texts) if text]


def test_a_body_that_is_not_whole_is_left_out_and_that_is_said() -> None:
    cut = CallBody(request_body="{", request_truncated=True)
    binary = CallBody(request_body="\ufffd\ufffd")
    for body, why in ((cut, "only its beginning was kept"), (binary, "it is no text")):
        assert "--data-raw" not in words(curl.command(call(method="POST"), body))
        assert why in curl.remark(call(method="POST"), body)


def test_what_was_not_kept_is_said() -> None:
    assert curl.remark(call(), None) == "Address alone: headers of this call were not kept."
    assert curl.remark(call(request_bytes=3), None) == "Address alone: headers and body of this call were not kept."


def test_whose_secrets_are_masked_is_said() -> None:
    assert curl.remark(call(), CallBody(request_headers={"Authorization": "[redacted]"})) == (
        "Put your own secrets in place of [redacted]."
    )
    assert curl.remark(call(), CallBody(request_headers={"Accept": "a"})) == ""
