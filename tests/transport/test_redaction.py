"""A canary put wherever a secret can turn up is never found in what leaves the transport."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest

from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked
from integrations.transport.redaction import BLANK, Redactor
from tests.transport.conftest import MakeTransport
from tests.transport.server import Reply, ScriptedServer

CANARIES = (
    "canary-0123456789abcdef",
    "kanarie/with+odd=signs&more %41",
    'quote"back\\slash<tag>',
    "snövit→zebra",
    "x" * 200,
)
WAYS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "url-encoded": lambda s: quote(s, safe=""),
    "url-encoded with slashes": quote,
    "url-encoded in lower case": lambda s: quote(s, safe="").lower() if s.islower() else quote(s, safe=""),
    "form-encoded": quote_plus,
    "base64": lambda s: base64.b64encode(s.encode()).decode(),
    "base64 for URLs": lambda s: base64.urlsafe_b64encode(s.encode()).decode(),
    "base64 for URLs without padding": lambda s: base64.urlsafe_b64encode(s.encode()).decode().rstrip("="),
    "hexadecimal": lambda s: s.encode().hex(),
    "hexadecimal in capitals": lambda s: s.encode().hex().upper(),
    "JSON": lambda s: json.dumps(s)[1:-1],
    "JSON without escapes": lambda s: json.dumps(s, ensure_ascii=False)[1:-1],
    "JSON as PHP writes it": lambda s: json.dumps(s)[1:-1].replace("/", "\\/"),
    "HTML": html.escape,
}


def told(details: CallDetails) -> str:
    """Everything that leaves the transport, in one text, escapes undone so that none hides a canary."""
    return "\n".join(map(str, dataclasses.astuple(details)))


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("way", WAYS)
def test_a_secret_is_blanked_however_it_is_written(canary: str, way: str) -> None:
    written = WAYS[way](canary)
    for text in (written, f"before {written} after", f"{written}{written}"):
        assert written.rstrip("=") not in Redactor((canary,)).values(text)
    assert Redactor(("another secret",)).values(written) == written


@pytest.mark.parametrize("before", ["", "u", "us", "use", "user:"])
@pytest.mark.parametrize("after", ["", "!", "!!"])
def test_base64_hides_no_secret_behind_its_neighbours(before: str, after: str) -> None:
    mixed = base64.b64encode(f"{before}{CANARIES[0]}{after}".encode()).decode()
    blanked = Redactor(CANARIES[:1]).values(mixed)
    assert BLANK in blanked
    assert len(blanked.replace(BLANK, "")) <= len(before) + len(after) + 8


@pytest.mark.parametrize("canary", CANARIES)
@pytest.mark.parametrize("status", [200, 400, 429, 302, 500])
def test_no_canary_leaves_the_transport(
    remote: ScriptedServer, transport: MakeTransport, heard: list[CallDetails], canary: str, status: int
) -> None:
    forms = {name: write(canary) for name, write in WAYS.items()}
    in_header = {f"X-Echo-{number}": quote(form) for number, form in enumerate(forms.values())}
    remote.answers(
        Reply(
            status,
            json.dumps({"message": f"you sent {canary}", "echo": forms}).encode(),
            (
                ("Location", f"{remote.url}/cb?x={quote(canary)}"),
                ("X-Request-Id", quote(canary)),
                *in_header.items(),
                ("Retry-After", "60" if status == 429 else "junk"),
            ),
        )
    )
    speaking = transport(secrets=(canary,), headers={"X-Odd": quote(canary)}, attempts=1)
    error = ""
    try:
        speaking.request(
            "try", "POST", f"/things/{canary}", params={"q": canary, "b": forms["base64"]}, payload={"a": [canary]}
        )
    except (CallError, Parked) as failure:
        error = str(failure)
    everything = told(heard[0]) + error
    assert BLANK in everything
    assert [name for name, form in forms.items() if form in everything] == []


def test_user_and_password_of_a_url_are_dropped() -> None:
    assert Redactor().url("https://user:pass@host:8/p?a=1#x") == "https://host:8/p?a=1"


@pytest.mark.parametrize("name", ["token", "access_token", "api_key", "apikey", "key", "password", "X-Amz-Signature"])
def test_telling_names_are_blanked_without_knowing_the_secret(name: str) -> None:
    redactor = Redactor()
    assert "hidden" not in redactor.url(f"https://host/?{name}=hidden&b=seen")
    assert "seen" in redactor.url(f"https://host/?{name}=hidden&b=seen")
    if name not in {"key", "X-Amz-Signature"}:
        assert "hid" not in redactor.text(json.dumps({"a": {name: 'hid"den'}}))
        assert redactor.text(f"a=seen&{name}=hidden&b=seen") == f"a=seen&{name}={BLANK}&b=seen"
        assert "hidden" not in str(redactor.headers({"Location": f"https://host/?{name}=hidden"}))


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Hub-Signature-256"])
def test_telling_headers_are_blanked_whole(name: str) -> None:
    assert Redactor().headers({name: "hidden", "Accept": "seen"}) == {name: BLANK, "Accept": "seen"}


def test_ordinary_text_is_left_alone() -> None:
    text = '{"title": "Tokens of spring", "count": 3, "keys": ["a", "b"]}'
    assert Redactor(("abc", "")).text(text) == text


@pytest.mark.parametrize(
    "hostile",
    ['"' + "token" * 26_000, "&" + "token" * 26_000, '"token":"' * 14_000, '"a":' * 30_000, '"x"' + " " * 120_000],
    ids=["unclosed name", "form without a value", "unclosed values", "no values", "spaces"],
)
def test_hostile_bodies_are_redacted_in_time(hostile: str) -> None:
    began_at = time.monotonic()
    Redactor(CANARIES).text(hostile)
    assert time.monotonic() - began_at < 5
