"""What staff configure reaches the wire: whom to trust, who we are, and whom strangers may make us fetch."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest
from django.core.exceptions import ValidationError
from pytest_django import Settings

from integrations import credentials, systems
from integrations.connections import transport_for
from integrations.models import Call, Service
from integrations.recorder import Cause
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.commands import manage
from tests.transport.certificates import Authority
from tests.transport.server import Reply, ScriptedServer

pytestmark = pytest.mark.django_db


def cause() -> Cause:
    return Cause("check", uuid.uuid4())


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def asking(authority: Authority) -> Iterator[ScriptedServer]:
    """A remote with a certificate of the authority, which speaks only to whom the authority knows."""
    with ScriptedServer(tls=authority.asking_server()) as server:
        yield server


@pytest.fixture
def fetcher(cms: Service, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A service of a System whose addresses strangers choose."""
    declared = replace(systems.get("cms"), untrusted_urls=True)
    monkeypatch.setattr(systems, "get", lambda _: declared)
    return cms


def code_of(service: Service, path: str = "/") -> Code:
    try:
        with transport_for(service, cause(), attempts=1) as transport:
            transport.request("try", "GET", path)
    except CallError as error:
        return error.code
    return Code.OK


def test_nothing_of_sqlalchemy_is_loaded_before_a_database_is_spoken_to() -> None:
    done = manage("shell", "--verbosity", "0", "--command", "import sys; print('sqlalchemy' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_the_certificates_of_a_service_are_used(cms: Service, asking: ScriptedServer, authority: Authority) -> None:
    cms.base_url = asking.url
    assert code_of(cms) is Code.TLS_UNTRUSTED
    cms.ca_bundle = authority.pem
    assert code_of(cms) is Code.TLS_FAILED
    credentials.store(cms, "client_certificate", authority.client())
    assert code_of(cms) is Code.OK
    assert len(asking.asked) == 1


def test_the_private_key_is_in_no_recorded_call(cms: Service, asking: ScriptedServer, authority: Authority) -> None:
    cms.base_url, cms.ca_bundle, cms.body_policy = asking.url, authority.pem, Service.BodyPolicy.ALL
    pem = authority.client()
    credentials.store(cms, "client_certificate", pem)
    code_of(cms)
    told = str([list(Call.objects.values()), [vars(call.body) for call in Call.objects.all()]])
    assert "127.0.0.1" in told
    assert [line for line in pem.splitlines() if line in told] == []


def test_a_service_speaks_to_its_own_address_wherever_that_is(cms: Service, remote: ScriptedServer) -> None:
    cms.base_url = remote.url
    assert code_of(cms) is Code.OK


def test_strangers_reach_nothing_inside_unless_the_environment_says_so(
    fetcher: Service, remote: ScriptedServer, settings: Settings
) -> None:
    assert code_of(fetcher, remote.url) is Code.BLOCKED_ADDRESS
    settings.UNTRUSTED_PORTS = (remote.port,)
    assert code_of(fetcher, remote.url) is Code.BLOCKED_ADDRESS
    settings.UNTRUSTED_NETWORKS = (ip_network("127.0.0.1/32"),)
    assert code_of(fetcher, remote.url) is Code.OK
    codes = Call.objects.order_by("started_at").values_list("code", "outcome")
    assert list(codes) == [("blocked_address", "not_sent"), ("blocked_address", "not_sent"), ("ok", "ok")]


def test_each_hop_is_a_row_of_the_same_chain(cms: Service, remote: ScriptedServer) -> None:
    cms.base_url = remote.url
    remote.answers(Reply(301, headers=(("Location", "/new"),)), Reply())
    assert code_of(cms, "/old") is Code.OK
    rows = list(Call.objects.order_by("started_at").values("status", "code", "attempt", "chain"))
    assert [(row["status"], row["code"], row["attempt"]) for row in rows] == [(301, "ok", 1), (200, "ok", 1)]
    assert len({row["chain"] for row in rows}) == 1


def test_a_certificate_authority_that_is_none_is_refused_at_its_field(cms: Service, authority: Authority) -> None:
    cms.ca_bundle = "nonsense"
    with pytest.raises(ValidationError) as error:
        cms.full_clean()
    assert list(error.value.message_dict) == ["ca_bundle"]
    assert "-----BEGIN CERTIFICATE-----" in error.value.messages[0]
    cms.ca_bundle = authority.pem
    cms.full_clean()
