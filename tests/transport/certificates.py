"""Certificates for servers that tests speak TLS with."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NOW = datetime.now(UTC)


@dataclass(frozen=True)
class Authority:
    """One that signs whatever a test needs."""

    ca: trustme.CA = field(default_factory=trustme.CA)

    @property
    def pem(self) -> str:
        """What a service has to trust."""
        return self.ca.cert_pem.bytes().decode()

    def server(self, *names: str, expired: bool = False, too_early: bool = False) -> ssl.SSLContext:
        """A server that is known by these names."""
        begins = NOW + timedelta(days=1) if too_early else NOW - timedelta(days=30)
        ends = NOW - timedelta(days=1) if expired else NOW + timedelta(days=30)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.ca.issue_cert(*(names or ("127.0.0.1",)), not_before=begins, not_after=ends).configure_cert(context)
        return context

    def asking_server(self) -> ssl.SSLContext:
        """A server that speaks only to whom this authority knows."""
        context = self.server()
        context.verify_mode = ssl.CERT_REQUIRED
        self.ca.configure_trust(context)
        return context

    def client(self) -> str:
        """Certificate and key of somebody the asking server knows."""
        return self.identity("console.example")

    def identity(self, name: str, common_name: str | None = None) -> str:
        """Certificate and key of somebody of that name."""
        issued = self.ca.issue_cert(name, common_name=common_name)
        return "".join(pem.bytes().decode() for pem in (*issued.cert_chain_pems, issued.private_key_pem))


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 that nobody else signed, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "alone.example")])
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "self-signed.pem"
    encoding, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    private = key.private_bytes(encoding, form, serialization.NoEncryption())
    path.write_bytes(made.public_bytes(encoding) + private)
    return path
