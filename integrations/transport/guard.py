"""Which addresses that strangers chose may be fetched: public ones on the usual ports.

An address is judged twice: its text before it is used, and what its name leads to when it is dialled, for
a name can lead anywhere (see `dial`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from urllib3.exceptions import LocationParseError
from urllib3.util import Url, parse_url

from integrations.transport.codes import Code
from integrations.transport.errors import CallError

Network = IPv4Network | IPv6Network

USUAL_PORTS = {"http": 80, "https": 443}
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # the rest of IPv6 is reserved, local or holds an IPv4 address
# Special-purpose networks (RFC 6890 and its registries) that versions of Python count as public.
_SPECIAL = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # protocol assignments
            "192.88.99.0/24",  # relays of 6to4
            "2001::/23",  # Teredo, ORCHID, benchmarks and other protocols
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4: an IPv4 address inside
            "3fff::/20",  # documentation
        ),
    )
)
_ODD = re.compile(r"[\x00-\x20\x7f-\x9f\\]")


@dataclass(frozen=True)
class Guard:
    """What may be fetched for strangers.

    Attributes:
        networks, ports: allowed beside public addresses and ports 80 and 443; for an intranet.
    """

    networks: tuple[Network, ...] = ()
    ports: tuple[int, ...] = ()

    def check_url(self, url: str) -> None:
        """Judge the text of an address, read by the parser that dials.

        Raises:
            CallError: it must not be fetched.
        """
        parsed = _parsed(url)
        if parsed.scheme not in USUAL_PORTS or not parsed.host:
            raise _blocked("Only addresses that begin with http:// or https:// are fetched.")
        if parsed.auth is not None:
            raise _blocked(f"The address at {parsed.host} holds a user or a password.")
        port = USUAL_PORTS[parsed.scheme] if parsed.port is None else parsed.port
        if port not in {*USUAL_PORTS.values(), *self.ports}:
            raise _blocked(f"{parsed.host}:{port} is not on port 80 or 443.")

    def check_address(self, address: str, peer: str) -> None:
        """Judge what is about to be dialled.

        Args:
            address: IPv4 or IPv6.
            peer: as which it is known, for the sentence. It does not tell the address: that of an inside
                host is nobody's business who can only make the console fetch.

        Raises:
            CallError: it must not be dialled.
        """
        ip = ip_address(address)
        if not (_is_public(ip) or any(ip in network for network in self.networks)):
            raise _blocked(f"{peer} is not at a public address.")


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    if ip.version == 6 and ip not in _GLOBAL_UNICAST:
        return False
    return ip.is_global and not ip.is_multicast and not any(ip in network for network in _SPECIAL)


def _parsed(url: str) -> Url:
    if _ODD.search(url):
        raise _blocked("The address holds a space, a backslash or a control character.")
    try:
        return parse_url(url)
    except LocationParseError as error:
        raise _blocked("The address cannot be read.") from error


def _blocked(sentence: str) -> CallError:
    return CallError(Code.BLOCKED_ADDRESS, sentence)
