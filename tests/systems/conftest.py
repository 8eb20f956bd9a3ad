"""What all Systems' tests share."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any
from urllib.parse import urlsplit

import pytest


@pytest.fixture(autouse=True)
def strangers_may_name_the_sandbox(sandbox_url: str, settings: Any) -> None:
    """For Systems that fetch what strangers name: loopback is an intranet here."""
    settings.UNTRUSTED_NETWORKS = (ip_network("127.0.0.0/8"),)
    settings.UNTRUSTED_PORTS = (urlsplit(sandbox_url).port,)
