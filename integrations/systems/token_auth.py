"""Kinds of signing in that get a token first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus

from integrations.systems.fixed_auth import Basic
from integrations.systems.given import Given
from integrations.transport import assertion
from integrations.transport.auth import Auth, basic
from integrations.transport.exchange import Content
from integrations.transport.sign_in import Dead, Reading, SignIn

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
DAY_S = 86400.0
TOKEN = {"token": "{token}"}  # is not known yet


@dataclass(frozen=True)
class ClientCredentials:
    """OAuth 2 client credentials: https://www.rfc-editor.org/rfc/rfc6749#section-4.4.

    Attributes:
        client_id, client_secret: names of an option and a secret.
        form: further fields, such as {"scope": "{scope}"}.
        in_body: id and secret are sent in the form; else by Basic, which every server must know.
    """

    client_id: str
    client_secret: str
    token_url: str
    form: Mapping[str, str] = field(default_factory=dict)
    in_body: bool = False
    reading: Reading = field(default_factory=Reading)
    dead: Dead = field(default_factory=Dead)

    @property
    def needs(self) -> tuple[str, ...]:
        """Both halves of the account."""
        return (self.client_id, self.client_secret)

    def signing(self, given: Given) -> Auth | SignIn:
        """With a token that is fetched when it is needed."""
        client_id, client_secret = given.option(self.client_id), given.secrets[self.client_secret]
        form = {"grant_type": "client_credentials", **given.filled(self.form)}
        if self.in_body:
            content = Content(form={**form, "client_id": client_id, "client_secret": client_secret})
        else:  # both encoded like in a form: https://www.rfc-editor.org/rfc/rfc6749#section-2.3.1
            header = basic(quote_plus(client_id), quote_plus(client_secret))
            content = Content(form=form, headers={"Authorization": header})
        return SignIn(
            operation="fetch_token",
            url=given.url(self.token_url),
            content=lambda: content,
            reading=self.reading,
            dead=self.dead,
            unset=given.unset(*self.needs),
        )


@dataclass(frozen=True)
class JwtBearer:
    """OAuth 2 with an assertion signed by our RSA key: https://www.rfc-editor.org/rfc/rfc7523#section-2.1.

    Attributes:
        issuer, subject, audience: names of options.
        key: name of the secret that holds the private key in PEM form.
        form: further fields, such as {"scope": "{scope}"}.
    """

    issuer: str
    subject: str
    audience: str
    key: str
    token_url: str
    form: Mapping[str, str] = field(default_factory=dict)
    reading: Reading = field(default_factory=Reading)
    dead: Dead = field(default_factory=Dead)

    @property
    def needs(self) -> tuple[str, ...]:
        """What it says, and the key that signs it."""
        return (self.issuer, self.subject, self.audience, self.key)

    def signing(self, given: Given) -> Auth | SignIn:
        """With a token that is fetched when it is needed."""
        key, form = given.secrets[self.key], {"grant_type": JWT_BEARER, **given.filled(self.form)}
        claims = [given.option(name) for name in (self.issuer, self.subject, self.audience)]
        return SignIn(
            operation="fetch_token",
            url=given.url(self.token_url),
            content=lambda: Content(form={**form, "assertion": assertion.signed(key, *claims)}),
            reading=self.reading,
            dead=self.dead,
            unset=given.unset(*self.needs),
        )


@dataclass(frozen=True)
class SessionToken:
    """A session that is begun by logging in, shared by all processes, and given back when nobody uses it.

    Attributes:
        log_in: where to POST.
        payload: sent as JSON, such as {"username": "{username}", "password": "{password}"}.
        needs: names of the options and secrets without which logging in makes no sense.
        basic: sent with the log-in, where the vendor wants that.
        header, scheme: how the token is sent afterwards.
        log_out: method and path, such as "DELETE /sessions/{token}"; without {token} it is sent in the header.
    """

    log_in: str
    needs: tuple[str, ...]
    payload: Mapping[str, str] = field(default_factory=dict)
    basic: Basic | None = None
    header: str = "Authorization"
    scheme: str = "Bearer"
    log_out: str = ""
    reading: Reading = field(default_factory=lambda: Reading(expiry=""))
    dead: Dead = field(default_factory=Dead)

    def signing(self, given: Given) -> Auth | SignIn:
        """With the session that is open, or a new one."""
        content = Content(payload=given.filled(self.payload))
        if self.basic:
            content["headers"] = {"Authorization": self.basic.header(given)}
        return SignIn(
            operation="log_in",
            url=given.url(self.log_in),
            content=lambda: content,
            reading=self.reading,
            dead=self.dead,
            header=self.header,
            scheme=self.scheme,
            log_out=self._log_out(given),
            unset=given.unset(*self.needs),
            refused_for_s=DAY_S,
        )

    def _log_out(self, given: Given) -> str:
        method, _, path = self.log_out.partition(" ")
        return f"{method} {given.url(path, **TOKEN)}" if path else ""
