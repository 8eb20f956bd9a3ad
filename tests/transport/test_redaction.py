"""A canary put wherever a secret can turn up is never found in what leaves the transport."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError, Parked
from integrations.transport.redaction import SHORTEST_SECRET, Redactor
from integrations.transport.telling import BLANK
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
    "HTML by numbers": lambda s: "".join(c if c.isalnum() and c.isascii() else f"&#{ord(c)};" for c in s),
    "URL-encoded twice": lambda s: quote(quote(s, safe=""), safe=""),
    "JSON in JSON": lambda s: json.dumps(json.dumps(s))[3:-3],
    "JSON as Go writes it": lambda s: json.dumps(s)[1:-1].replace("&", "\\u0026").replace("<", "\\u003c"),
    "base64, URL-encoded": lambda s: quote(base64.b64encode(s.encode()).decode().rstrip("="), safe=""),
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


@given(secret=st.text(min_size=4, max_size=30), way=st.sampled_from(sorted(WAYS)), beside=st.text(max_size=9))
def test_any_secret_is_blanked_however_it_is_written(secret: str, way: str, beside: str) -> None:
    secret = secret.encode("utf-8", "replace").decode().replace("\x00", "0")
    redactor = Redactor((secret,))
    if way != "url-encoded in lower case":
        assert BLANK in redactor.values(f"{beside} {WAYS[way](secret)} {beside}")


def test_naughty_secrets_are_blanked_however_they_are_written(shared_data: Path) -> None:
    for secret in json.loads((shared_data / "strings" / "blns.json").read_text()):
        if len(secret) >= SHORTEST_SECRET:
            redactor = Redactor((secret,))
            for way, write in WAYS.items():
                assert redactor.values(f"({write(secret)})").startswith(f"({BLANK}"), (way, secret)


def test_several_secrets_are_blanked_each_and_the_longer_one_first() -> None:
    redactor = Redactor(("canary", "canary-and-more", "redact"))
    assert redactor.values("canary-and-more, canary") == f"{BLANK}, {BLANK}"


def test_a_secret_in_utf_16_is_blanked() -> None:
    written = '<?xml version="1.0" encoding="UTF-16"?><a>canary-0123456789abcdef</a><password>hidden</password>'
    for encoding in ("utf-16", "utf-16-le", "utf-16-be"):
        told = Redactor(CANARIES[:1]).excerpt(written.encode(encoding), 1000)
        assert "a\ufffdn\ufffda\ufffdr\ufffdy" not in told
        assert BLANK in told
    assert "hidden" not in Redactor().excerpt(written.encode("utf-16"), 1000)


def test_a_secret_obtained_later_is_blanked_from_then_on() -> None:
    first = Redactor(("the-first",))
    both = first.with_secrets("the-second", "the-first", "")
    assert both.text("the-first the-second") == f"{BLANK} {BLANK}"
    assert first.text("the-first the-second") == f"{BLANK} the-second"


def test_a_redactor_does_not_tell_what_it_hides() -> None:
    assert "canary" not in repr(Redactor(CANARIES))


def test_where_a_body_is_cut_no_part_of_a_secret_is_left() -> None:
    at_most, canary = 1000, CANARIES[0]
    for shift in range(len(canary)):
        for filler in ("-", "€"):
            body = (filler * shift + canary * 200).encode()
            told = Redactor((canary,)).excerpt(body, at_most)
            assert BLANK in told
            assert "can" not in told


def test_as_much_of_a_body_is_kept_as_was_asked_for() -> None:
    redactor = Redactor(CANARIES)
    for size in (0, 7000, 8000, 16000, 90000):
        assert redactor.excerpt(b"a" * size, 8000) == "a" * min(size, 8000)


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


def test_half_a_character_in_a_url_hides_nothing() -> None:
    shown = Redactor().url("https://host/a\ud800b?token=hidden&c=\ud800")
    assert shown.encode().startswith(b"https://host/a")
    assert "hidden" not in shown


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


def test_the_headers_of_requests_are_told_anew_when_they_change() -> None:
    redactor = Redactor(("a-secret",))
    for value in ("a-secret", "seen", "a-secret", "other"):
        told = redactor.sent_headers({"X-One": value, "Authorization": value})
        assert told == {"X-One": BLANK if value == "a-secret" else value, "Authorization": BLANK}
    assert redactor.with_secrets("other").sent_headers({"X-One": "other"}) == {"X-One": BLANK}


@pytest.mark.parametrize("name", ["Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Hub-Signature-256"])
def test_telling_headers_are_blanked_whole(name: str) -> None:
    assert Redactor().headers({name: "hidden", "Accept": "seen"}) == {name: BLANK, "Accept": "seen"}


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("Location", "/cb?key=hidden&b=seen", f"/cb?key={BLANK}&b=seen"),
        (
            "Location",
            "https://user:hidden@host/#id_token=hidden&b=seen",
            f"https://{BLANK}@host/#id_token={BLANK}&b=seen",
        ),
        ("Link", '</x?sig=hidden>; rel="next"', f'</x?sig={BLANK}>; rel="next"'),
        ("Refresh", "5; url=/x?session=hidden", f"5; url=/x?session={BLANK}"),
        ("X-Sent", "Authorization: Bearer hidden", f"Authorization: {BLANK}"),
        ("X-Auth-Email", "hidden", BLANK),
        ("Idempotency-Key", "seen", "seen"),
    ],
)
def test_headers_that_hold_addresses_lose_what_these_give_away(name: str, value: str, told: str) -> None:
    assert Redactor().headers({"Accept": "seen", name: value}) == {"Accept": "seen", name: told}


def test_addresses_in_parameters_and_paths_are_looked_into() -> None:
    nested = quote("https://u:hidden@host/?token=hidden&a=seen", safe="")
    told = Redactor().url(f"https://host/shop;jsessionid=hidden/x?next={nested}&b=seen")
    assert "hidden" not in told
    assert told.count("seen") == 2


def test_ordinary_text_is_left_alone() -> None:
    text = '{"title": "Tokens of spring", "count": 3, "keys": ["a", "b"]}'
    assert Redactor(("abc", "")).text(text) == text


@pytest.mark.parametrize("run", ["canary-0123456789abcde", "+", '"', "\\", "\\abc", "&amp;", "%25", "xxx", "++++abc"])
def test_a_remote_that_knows_the_secrets_cannot_hold_up_their_redaction(run: str) -> None:
    secrets = (*CANARIES, "\\" * 30 + "abcd", "++++////&&&&%%%%abc", '""""""""abc', "-" * 9)
    hostile = (run * 128 * 1024)[: 128 * 1024]
    began_at = time.process_time()
    Redactor(secrets).text(f"{hostile} {' '.join(secrets)}")
    assert time.process_time() - began_at < 5
