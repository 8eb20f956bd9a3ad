"""Who a database server is, and who we are to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from integrations.transport.codes import Code
from integrations.transport.databases.engine import Login
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from tests.peers import private_postgresql
from tests.peers.private_postgresql import CERTIFIED, OWNER, PASSWORD
from tests.transport.certificates import Authority
from tests.transport.questions import ONE, transport_to

AUTHORITY = Authority()

pytestmark = pytest.mark.slow  # a server is made first


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with private_postgresql.serving(AUTHORITY) as found:
        yield found


@pytest.fixture(autouse=True)
def _password_of_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    """What libpq would find by itself is the console's own, and opens nobody else's database."""
    monkeypatch.setenv("PGPASSWORD", PASSWORD)


def code_of(login: dict[str, Any], port: int, heard: list[CallDetails], **settings: str) -> Code:
    given = {"engine": "postgresql", "host": "localhost", "port": port, "database": "postgres", "user": OWNER}
    with transport_to(Login(**{**given, "password": PASSWORD, **login}), heard, **settings) as transport:
        try:
            transport.select("try", ONE, 1)
        except CallError as error:
            return error.code
    return Code.OK


@pytest.mark.parametrize(
    ("login", "authority", "code"),
    [
        ({}, AUTHORITY.pem, Code.OK),
        ({}, "", Code.TLS_UNTRUSTED),
        ({}, Authority().pem, Code.TLS_UNTRUSTED),
        ({"host": "127.0.0.1"}, AUTHORITY.pem, Code.TLS_WRONG_HOST),
        ({"tls": False}, "", Code.OK),
        ({"password": "another"}, AUTHORITY.pem, Code.AUTH_FAILED),
        ({"password": ""}, AUTHORITY.pem, Code.AUTH_FAILED),
    ],
)
def test_a_server_must_prove_who_it_is_and_so_must_we(
    port: int, heard: list[CallDetails], login: dict[str, Any], authority: str, code: Code
) -> None:
    assert code_of(login, port, heard, ca_bundle=authority) is code
    assert not any(PASSWORD in call.error for call in heard)


def test_a_client_certificate_is_shown(port: int, heard: list[CallDetails]) -> None:
    login = {"user": CERTIFIED, "password": ""}
    assert code_of(login, port, heard, ca_bundle=AUTHORITY.pem) is Code.AUTH_FAILED
    shown = {"ca_bundle": AUTHORITY.pem, "client_certificate": AUTHORITY.identity(CERTIFIED, common_name=CERTIFIED)}
    assert code_of(login, port, heard, **shown) is Code.OK
