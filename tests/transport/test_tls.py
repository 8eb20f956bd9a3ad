"""Whom the console believes, and how it says whom it does not."""

from __future__ import annotations

import re
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization

from integrations.transport import pem, tls
from integrations.transport.codes import Code
from integrations.transport.details import CallDetails
from integrations.transport.errors import CallError
from tests.transport.certificates import Authority, self_signed
from tests.transport.conftest import MakeTransport
from tests.transport.server import ScriptedServer

Serve = Callable[[ssl.SSLContext], ScriptedServer]


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts servers that speak TLS."""
    with ExitStack() as running:
        yield lambda context: running.enter_context(ScriptedServer(tls=context))


def refusal(transport: MakeTransport, server: ScriptedServer, ca_bundle: str = "", **settings: str) -> CallError:
    with pytest.raises(CallError) as failure:
        transport(base_url=server.url, ca_bundle=ca_bundle, attempts=1, **settings).get_json("try", "/")
    assert server.asked == []
    assert str(server.port) in str(failure.value) or failure.value.code is Code.NOT_SENDABLE
    return failure.value


def test_an_authority_of_ones_own_is_trusted_where_the_service_says_so(
    transport: MakeTransport, heard: list[CallDetails], serve: Serve, authority: Authority
) -> None:
    server = serve(authority.server("127.0.0.1"))
    assert transport(base_url=server.url, ca_bundle=authority.pem).get_json("try", "/") == {"fine": True}
    (told,) = heard
    assert told.timings.tls
    error = refusal(transport, serve(authority.server("127.0.0.1")))
    assert error.code is Code.TLS_UNTRUSTED


def test_the_usual_authorities_are_trusted_beside_ones_own(authority: Authority) -> None:
    usual, both = (tls.context(bundle, "").cert_store_stats()["x509_ca"] for bundle in ("", authority.pem))
    assert usual > 100
    assert both == usual + 1


def test_an_authority_is_trusted_by_its_own_service_alone(
    transport: MakeTransport, serve: Serve, authority: Authority
) -> None:
    server = serve(authority.server("127.0.0.1"))
    transport(base_url=server.url, ca_bundle=authority.pem).get_json("try", "/")
    server.asked.clear()
    assert refusal(transport, server, Authority().pem).code is Code.TLS_UNTRUSTED


BAD = {
    "expired": ({"expired": True}, Code.TLS_EXPIRED, "has expired"),
    "not valid yet": ({"too_early": True}, Code.TLS_EXPIRED, "not valid yet"),
}


@pytest.mark.parametrize(("dates", "code", "sentence"), BAD.values(), ids=BAD)
def test_a_certificate_outside_its_dates_is_refused(
    transport: MakeTransport, serve: Serve, authority: Authority, dates: dict[str, bool], code: Code, sentence: str
) -> None:
    error = refusal(transport, serve(authority.server("127.0.0.1", **dates)), authority.pem)
    assert error.code is code
    assert sentence in str(error)


@pytest.mark.parametrize("name", ["127.0.0.2", "other.example", "localhost"])
def test_a_certificate_of_another_host_is_refused(
    transport: MakeTransport, serve: Serve, authority: Authority, name: str
) -> None:
    error = refusal(transport, serve(authority.server(name)), authority.pem)
    assert error.code is Code.TLS_WRONG_HOST
    assert "for another host" in str(error)


def test_a_certificate_of_another_name_is_refused(transport: MakeTransport, serve: Serve, authority: Authority) -> None:
    server = serve(authority.server("127.0.0.1", "console.example"))
    url = f"https://localhost:{server.port}"
    with pytest.raises(CallError, match="for another host") as failure:
        transport(base_url=url, ca_bundle=authority.pem, attempts=1).get_json("try", "/")
    assert failure.value.code is Code.TLS_WRONG_HOST


def test_a_self_signed_certificate_is_refused_and_can_be_trusted_by_itself(
    transport: MakeTransport, serve: Serve, tmp_path: Path
) -> None:
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = serve(context)
    error = refusal(transport, server)
    assert error.code is Code.TLS_UNTRUSTED
    assert "self-signed certificate" in str(error)
    public = certificate.read_text().partition("-----BEGIN PRIVATE KEY")[0]
    assert transport(base_url=server.url, ca_bundle=public).get_json("try", "/") == {"fine": True}


def test_old_versions_of_tls_are_refused(transport: MakeTransport, serve: Serve, authority: Authority) -> None:
    context = authority.server("127.0.0.1")
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    error = refusal(transport, serve(context), authority.pem)
    assert error.code is Code.TLS_FAILED
    assert error.for_staff().endswith("version 1.2 or newer.")


def test_a_port_that_speaks_no_tls_is_said(transport: MakeTransport, remote: ScriptedServer) -> None:
    with pytest.raises(CallError, match="No TLS connection with 127") as failure:
        transport(base_url=remote.url.replace("http", "https"), attempts=1).get_json("try", "/")
    assert failure.value.code is Code.TLS_FAILED


def test_a_handshake_that_hangs_ends_with_the_connect_timeout(transport: MakeTransport) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}"
        asked_at = time.monotonic()
        with pytest.raises(CallError, match="handshake within") as failure:
            transport(base_url=url, connect_timeout_s=0.3, deadline_s=30.0, attempts=1).get_json("try", "/")
        assert time.monotonic() - asked_at < 10
    assert failure.value.code is Code.UNREACHABLE


def test_a_client_certificate_is_shown_where_one_is_asked_for(
    transport: MakeTransport, serve: Serve, authority: Authority
) -> None:
    server = serve(authority.asking_server())
    error = refusal(transport, server, authority.pem)
    assert error.code is Code.TLS_FAILED
    assert "certificate required" in str(error)
    known = transport(base_url=server.url, ca_bundle=authority.pem, client_certificate=authority.client())
    assert known.get_json("try", "/") == {"fine": True}


def test_a_client_certificate_of_nobody_known_is_refused(
    transport: MakeTransport, serve: Serve, authority: Authority
) -> None:
    server = serve(authority.asking_server())
    error = refusal(transport, server, authority.pem, client_certificate=Authority().client())
    assert error.code is Code.TLS_FAILED


@pytest.mark.parametrize("text", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "\u00e9"])
def test_a_client_certificate_that_is_none_is_said(transport: MakeTransport, serve: Serve, text: str) -> None:
    error = refusal(transport, serve(Authority().server()), client_certificate=text)
    assert error.code is Code.NOT_SENDABLE
    assert "client certificate of the service" in str(error)


def test_a_key_with_a_password_is_refused_and_nobody_is_asked_for_it(
    transport: MakeTransport, serve: Serve, authority: Authority
) -> None:
    certificate, key = re.findall(r"-----BEGIN.*?-----END [A-Z ]+-----\n", authority.client(), re.DOTALL)
    locked = serialization.load_pem_private_key(key.encode(), None).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"word"),
    )
    error = refusal(transport, serve(authority.server()), client_certificate=certificate + locked.decode())
    assert error.code is Code.NOT_SENDABLE
    assert "without a password" in str(error)


def test_a_private_key_is_on_disk_only_while_it_is_read_and_for_nobody_else(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    modes = []
    real = ssl.SSLContext.load_cert_chain

    def watched(context: ssl.SSLContext, path: str, **kwargs: str) -> None:
        modes.append(Path(path).stat().st_mode & 0o777)
        real(context, path, **kwargs)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
    tls.context(authority.pem, authority.client())
    with pytest.raises(CallError):
        tls.context(authority.pem, "nonsense")
    assert modes == [0o600, 0o600]
    assert list(tmp_path.iterdir()) == []


def test_certificates_may_have_lost_their_lines(transport: MakeTransport, serve: Serve, authority: Authority) -> None:
    server = serve(authority.asking_server())
    bundle, mine = (text.replace("\n", lost) for text, lost in ((authority.pem, " "), (authority.client(), "")))
    transport(base_url=server.url, ca_bundle=bundle, client_certificate=mine).get_json("try", "/")
    assert len(server.asked) == 1


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_the_environment_does_not_decide_whom_to_trust(
    transport: MakeTransport,
    serve: Serve,
    authority: Authority,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
) -> None:
    bundle = tmp_path / "bundle.pem"
    bundle.write_text(authority.pem)
    monkeypatch.setenv(variable, str(bundle))
    assert refusal(transport, serve(authority.server())).code is Code.TLS_UNTRUSTED


def test_a_certificate_authority_that_is_none_is_said(transport: MakeTransport, serve: Serve) -> None:
    error = refusal(transport, serve(Authority().server()), "nonsense")
    assert error.code is Code.NOT_SENDABLE
    assert "certificate authority of the service: These are no certificates." in str(error)


@pytest.mark.parametrize("text", ["nonsense", "\u00e9", "-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----"])
def test_what_are_no_authorities_is_objected_to(text: str) -> None:
    assert pem.objection(text).startswith("These are no certificates.")


def test_authorities_are_taken_and_private_keys_are_not(authority: Authority) -> None:
    assert pem.objection(authority.pem) == ""
    assert pem.objection(authority.pem + Authority().pem) == ""
    assert pem.objection(authority.client()).startswith("Leave the private key out")
