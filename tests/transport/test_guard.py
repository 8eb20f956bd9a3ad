"""What the guard lets through: addresses by their numbers, URLs by their text."""

from __future__ import annotations

import json
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.guard import Guard

INSIDE = st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="127.0.0.0/8") | st.just("169.254.169.254")


def refuses(address: str, guard: Guard | None = None) -> bool:
    try:
        (guard or Guard()).check_address(address, "host.example:80")
    except CallError as error:
        return error.code is Code.BLOCKED_ADDRESS and address not in str(error)
    return False


def test_every_listed_address_is_judged_as_the_list_says(shared_data: Path) -> None:
    listed = json.loads((shared_data / "ssrf" / "addresses.json").read_text())
    assert len(listed["blocked"]) == 40
    assert [address for address in listed["blocked"] if not refuses(address)] == []
    assert len(listed["allowed"]) == 4
    assert [address for address in listed["allowed"] if refuses(address)] == []


@pytest.mark.parametrize(
    "address",
    ["192.0.0.9", "192.88.99.1", "2001::1", "2001:1::1", "2001:20::1", "4000::1", "fe80::1%lo", "::ffff:0:8.8.8.8"],
)
def test_special_addresses_that_look_public_are_refused(address: str) -> None:
    assert refuses(address)


@given(INSIDE)
def test_no_way_to_write_an_inside_address_in_another_gets_through(inside: IPv4Address | str) -> None:
    number = int(IPv4Address(inside))
    prefixes = (0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96, 0x64FF9B0001 << 80)
    for written in (*(prefix | number for prefix in prefixes), 0x2002 << 112 | number << 80, 0x2001 << 112 | number):
        assert refuses(str(IPv6Address(written)))


def test_an_allowed_network_adds_itself_and_nothing_else() -> None:
    guard = Guard(networks=(ip_network("10.20.0.0/16"), ip_network("fd00::/64")))
    assert not refuses("10.20.1.2", guard)
    assert not refuses("fd00::5", guard)
    assert not refuses("1.1.1.1", guard)
    assert refuses("10.21.0.1", guard)
    assert refuses("::ffff:10.20.1.2", guard)


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("ftp://a.example/", "http:// or https://"),
        ("file:///etc/passwd", "http:// or https://"),
        ("gopher://a.example:80/", "http:// or https://"),
        ("//a.example/", "http:// or https://"),
        ("a.example", "http:// or https://"),
        ("", "http:// or https://"),
        ("http://", "http:// or https://"),
        ("http:///x", "http:// or https://"),
        ("http://user@a.example/", "user or a password"),
        ("http://user:word@a.example/", "user or a password"),
        ("http://127.0.0.1\\@a.example/", "backslash"),
        ("http://a.example/\r\nHost: b", "control character"),
        ("http://a.example/\x00", "control character"),
        (" http://a.example/", "space"),
        ("http://a.example:22/", "a.example:22 is not on port 80 or 443"),
        ("http://a.example:0/", "a.example:0 is not"),
        ("http://a.example:8080/", "a.example:8080 is not"),
        ("http://[::1/", "cannot be read"),
        ("http://a.example:port/", "cannot be read"),
    ],
)
def test_a_url_is_refused_in_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(CallError, match=sentence) as refusal:
        Guard().check_url(url)
    assert refusal.value.code is Code.BLOCKED_ADDRESS
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize(
    "url", ["http://a.example", "https://a.example/x?y=z#a", "http://a.example:443/", "https://[2606:4700::1111]:80/é"]
)
def test_an_ordinary_url_passes(url: str) -> None:
    Guard().check_url(url)


def test_an_allowed_port_adds_itself_and_nothing_else() -> None:
    guard = Guard(ports=(8080,))
    guard.check_url("http://a.example:8080/")
    guard.check_url("https://a.example/")
    with pytest.raises(CallError):
        guard.check_url("http://a.example:8081/")
