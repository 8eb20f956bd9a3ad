"""The kinds of signing in a System can declare. What they name are options and secrets of the System."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from integrations.systems.fixed_auth import ApiKey, Basic, Bearer, NoAuth
from integrations.systems.given import Given
from integrations.systems.token_auth import ClientCredentials, JwtBearer, SessionToken
from integrations.transport.auth import Auth
from integrations.transport.sign_in import Dead, Reading, SignIn

if TYPE_CHECKING:  # it has one of these
    from integrations.systems.base import System

__all__ = [
    "ApiKey",
    "Basic",
    "Bearer",
    "ClientCredentials",
    "Dead",
    "Given",
    "JwtBearer",
    "Kind",
    "NoAuth",
    "Reading",
    "SessionToken",
]


class Kind(Protocol):
    """What a System may declare as its `auth`."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the options and secrets it signs with."""

    def signing(self, given: Given) -> Auth | SignIn:
        """What signs the requests of one service, or how the token is had that does.

        Raises:
            KeyError: it names an option or secret that is not declared.
        """


Declared = Kind | Callable[[Mapping[str, Any]], Kind]


def kind_of(system: System, options: Mapping[str, Any]) -> Kind:
    """How the requests of a service with these options are signed."""
    return system.auth({**system.defaults, **options}) if callable(system.auth) else system.auth
