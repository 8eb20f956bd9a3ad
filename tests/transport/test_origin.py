"""A link in an answer is followed within the origin only, whatever it looks like."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from urllib3.util import parse_url

from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.origin import same_origin

BASE = "https://api.example.org/v2"
PIECES = ["https:", "http:", "//", "/", "\\", "@", ":", "443", "80", "?", "#", ".", "..", "%2f", "%40", "\t", "\n"]
PIECES += ["api.example.org", "evil.example", "user", "\N{IDEOGRAPHIC FULL STOP}", "[::1]", "x", "v2", ";", "&"]


@pytest.mark.parametrize(
    ("link", "address"),
    [
        ("https://api.example.org/v2/items?cursor=a%2Bb", "https://api.example.org/v2/items?cursor=a%2Bb"),
        ("https://api.example.org:443/x", "https://api.example.org:443/x"),
        ("HTTPS://API.EXAMPLE.ORG/x", "https://api.example.org/x"),
        ("//api.example.org/x", "https://api.example.org/x"),
        ("/services/data/v67.0/query/01g-2000", "https://api.example.org/services/data/v67.0/query/01g-2000"),
        ("?page=2", "https://api.example.org/v2/items?page=2"),
        ("more?page=2", "https://api.example.org/v2/more?page=2"),
        ("https://api.example.org/x?a=@b#part", "https://api.example.org/x?a=@b"),
    ],
)
def test_a_link_that_stays_is_resolved_against_the_address_that_answered(link: str, address: str) -> None:
    assert same_origin(f"{BASE}/items", link) == address


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/v2/items",
        "//evil.example/v2/items",
        "http://api.example.org/v2/items",
        "https://api.example.org:8443/v2/items",
        "https://api.example.org.evil.example/",
        "https://api.example.org./",
        "https://api.example.org@evil.example/",
        "https://user:word@api.example.org/",
        "https://user@api.example.org/",
        "https://api.example.org\\@evil.example/",
        "/\\evil.example/",
        "\\\\evil.example\\x",
        "/x\r\nX-Evil: 1",
        " /x",
        "/\tx",
        "javascript:alert(1)",
        "ftp://api.example.org/x",
        "file:///etc/passwd",
        "https://[::1/x",
        "https://api.example.org:99999/",
        "https://api%2eexample.org:443:80/",
        "https://\N{IDEOGRAPHIC FULL STOP}/",
    ],
)
def test_a_link_that_leaves_or_disguises_itself_is_refused(link: str) -> None:
    with pytest.raises(CallError) as failure:
        same_origin(f"{BASE}/items", link)
    assert failure.value.code is Code.BAD_PAGING


def test_a_refusal_names_both_places_and_no_parameter() -> None:
    with pytest.raises(CallError) as failure:
        same_origin(BASE, "http://evil.example:81/path?access_token=secret")
    assert str(failure.value) == (
        "A link in the answer leads to http://evil.example:81 and not to https://api.example.org; it was not followed."
    )


def asked_at(address: str) -> tuple[str, str | None, int | None]:
    """Where requests would go."""
    found = parse_url(str(requests.Request("GET", address).prepare().url))
    return str(found.scheme), found.host, found.port


@pytest.mark.parametrize("base", ["https://api.example.org", "http://127.0.0.1:8000/api", "http://www.example.com"])
def test_no_hostile_address_leads_elsewhere(base: str, shared_data: Path) -> None:
    accepted = 0
    for line in (shared_data / "ssrf" / "urls_patt.txt").read_text().splitlines():
        try:
            address = same_origin(base, line)
        except CallError:
            continue
        accepted += 1
        assert asked_at(address) == asked_at(base), line
    assert accepted <= 1, "they are judged, not all let through as paths"


@given(link=st.lists(st.sampled_from(PIECES), min_size=1, max_size=8).map("".join))
def test_nothing_put_together_from_parts_of_addresses_leads_elsewhere(link: str) -> None:
    try:
        address = same_origin(BASE, link)
    except CallError:
        return
    scheme, host, port = asked_at(address)
    assert (scheme, host, port or 443) == ("https", "api.example.org", 443)


@given(link=st.text())
def test_any_text_gives_an_address_of_the_service_or_an_error_of_ours(link: str) -> None:
    with suppress(CallError):
        assert asked_at(same_origin(BASE, link))[1] == "api.example.org"
