"""An authorization server as in RFC 6749 and RFC 7523, and the resources it guards (RFC 6750)."""

from __future__ import annotations

import base64
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.peers.loopback import LIST, Loopback, Question, Told

TOKEN_PATH = "/oauth/token"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LONGEST_ASSERTION_S = 180

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


@dataclass
class Rules:
    """What it expects and says.

    Attributes:
        life_s: said as `expires_in`, and kept to; None says nothing.
        delay_s: before the answer to a request for a token.
        fail_with: status of the next answers to such requests, first one first.
        extra: further members of the answer that holds a token.
    """

    client_id: str = "the console"
    client_secret: str = "a secret: 100 % + more / of it"
    scope: str = "read"
    issuer: str = "consumer-key"
    subject: str = "console@example.org"
    audience: str = "https://login.example.org"
    life_s: float | None = 3600
    delay_s: float = 0
    fail_with: list[int] = field(default_factory=list)
    extra: dict[str, Any] = field(default_factory=dict)
    has_resources: bool = True


class Refused(Exception):
    """An error of RFC 6749, section 5.2."""

    def __init__(self, error: str, description: str = "", status: int = 400) -> None:
        super().__init__(description)
        self.told = Told(status, {"error": error, "error_description": description})


class AuthorizationServer(Loopback):
    def __init__(self, rules: Rules | None = None) -> None:
        super().__init__()
        self.rules = rules or Rules()
        self.tokens: dict[str, float] = {}
        self._seen: set[str] = set()

    @property
    def token_requests(self) -> list[Question]:
        return [question for question in self.asked if question.path == TOKEN_PATH]

    @property
    def resource_requests(self) -> list[Question]:
        return [question for question in self.asked if question.path != TOKEN_PATH]

    def revoke_all(self) -> None:
        with self.lock:
            self.tokens.clear()

    def answer(self, question: Question) -> Told:
        if question.path != TOKEN_PATH:
            return self._resource(question)
        time.sleep(self.rules.delay_s)
        with self.lock:
            if self.rules.fail_with:
                return Told(self.rules.fail_with.pop(0), {"error": "server_error", "error_description": "Not now"})
            try:
                return self._token(question)
            except Refused as refused:
                return refused.told

    def _resource(self, question: Question) -> Told:
        if not self.rules.has_resources:
            return Told(403, {"message": "The resources are elsewhere"})
        scheme, _, token = question.headers.get("authorization", "").partition(" ")
        if scheme != "Bearer" or self.tokens.get(token, 0) < time.time():
            error = [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}]
            return Told(401, error, {"WWW-Authenticate": 'Bearer error="invalid_token"'})
        return Told(200, LIST)

    def _token(self, question: Question) -> Told:
        form = question.form()
        if question.method != "POST" or question.headers.get("content-type") != "application/x-www-form-urlencoded":
            raise Refused("invalid_request", "not a form")
        grant = {"client_credentials": self._client, JWT_BEARER: self._assertion}.get(form.get("grant_type", ""))
        if grant is None:
            raise Refused("unsupported_grant_type")
        grant(question, form)
        if form.get("scope", self.rules.scope) != self.rules.scope:
            raise Refused("invalid_scope")
        return self._grant()

    def _grant(self) -> Told:
        token, life_s = f"tok-{secrets.token_urlsafe(24)}", self.rules.life_s
        self.tokens[token] = time.time() + (3600 if life_s is None else life_s)
        said = {"access_token": token, "token_type": "Bearer", **self.rules.extra}
        if life_s is not None:
            said["expires_in"] = life_s
        return Told(200, said, {"Cache-Control": "no-store"})

    def _client(self, question: Question, form: dict[str, str]) -> None:
        in_body = (form.get("client_id", ""), form.get("client_secret", ""))
        scheme, _, encoded = question.headers.get("authorization", "").partition(" ")
        if scheme == "Basic" and any(in_body):
            raise Refused("invalid_request", "more than one way to authenticate")
        if scheme == "Basic":
            name, _, secret = base64.b64decode(encoded).decode().partition(":")
            in_body = (unquote_plus(name), unquote_plus(secret))
        if in_body != (self.rules.client_id, self.rules.client_secret):
            raise Refused("invalid_client", "Client authentication failed", 401)

    def _assertion(self, _: Question, form: dict[str, str]) -> None:
        rules = self.rules
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                KEY.public_key(),
                algorithms=["RS256"],
                audience=rules.audience,
                issuer=rules.issuer,
                options={"require": ["iss", "sub", "aud", "exp"]},
            )
        except jwt.PyJWTError as error:
            raise Refused("invalid_grant", f"assertion: {error}") from error
        if claims["sub"] != rules.subject or claims["exp"] > time.time() + LONGEST_ASSERTION_S:
            raise Refused("invalid_grant", "user or time of the assertion")
        if claims.get("jti") in self._seen:
            raise Refused("invalid_grant", "the assertion was used before")
        self._seen.add(claims.get("jti", ""))
