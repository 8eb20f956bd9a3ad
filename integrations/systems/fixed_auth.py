"""Kinds of signing in that send something fixed."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.systems.given import Given
from integrations.transport.auth import Auth, HeaderAuth, QueryAuth, basic
from integrations.transport.sign_in import SignIn


@dataclass(frozen=True)
class NoAuth:
    """Anybody may ask."""

    needs: tuple[str, ...] = ()

    def signing(self, given: Given) -> Auth | SignIn:  # noqa: ARG002 - the same for every kind
        """Nothing is."""
        return Auth()


@dataclass(frozen=True)
class Bearer:
    """A fixed token in the Authorization header; nothing is sent while it is not set."""

    secret: str
    scheme: str = "Bearer"

    @property
    def needs(self) -> tuple[str, ...]:
        """The token."""
        return (self.secret,)

    def signing(self, given: Given) -> Auth | SignIn:
        """With the header."""
        token = given.secrets[self.secret]
        return HeaderAuth("Authorization", f"{self.scheme} {token}") if token else Auth()


@dataclass(frozen=True)
class ApiKey:
    """A fixed key in a header of the vendor's own, or in the query; nothing is sent while it is not set."""

    secret: str
    header: str = ""
    query: str = ""

    def __post_init__(self) -> None:
        """One place, not none and not two."""
        if bool(self.header) is bool(self.query):
            raise ValueError("An API key needs either a header or a query parameter.")

    @property
    def needs(self) -> tuple[str, ...]:
        """The key."""
        return (self.secret,)

    def signing(self, given: Given) -> Auth | SignIn:
        """With header or parameter."""
        key = given.secrets[self.secret]
        if not key:
            return Auth()
        return HeaderAuth(self.header, key) if self.header else QueryAuth(self.query, key)


@dataclass(frozen=True)
class Basic:
    """User and password with every request (RFC 7617); nothing is sent while neither is set."""

    username: str
    password: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Both."""
        return (self.username, self.password)

    def header(self, given: Given) -> str:
        """The value of the Authorization header; empty while neither is set."""
        username, password = given.option(self.username), given.secrets[self.password]
        return basic(username, password) if username or password else ""

    def signing(self, given: Given) -> Auth | SignIn:
        """With the header."""
        header = self.header(given)
        return HeaderAuth("Authorization", header) if header else Auth()
