"""What can go wrong between a client and its remote, and a service to which it does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass

import pytest
from django.db.models import QuerySet

from integrations.models import Call, Service, ServiceState
from integrations.transport.codes import Code
from integrations.transport.errors import CallError, Parked
from tests.systems.contract import client_of
from tests.systems.examples import Setup
from tests.systems.relay import Relay, Spoil, constant, cut, failing, halved
from tests.transport.server import Reply

ATTEMPTS = 3
WEB_PAGE = Reply(200, b"<!DOCTYPE html><title>Sign in</title>", content_type="text/html")
ANSWERED = b'{"response": {}, "id": "1"}'
SIGN_INS = ("fetch_token", "log_in")


@dataclass(frozen=True)
class Fault:
    """What befalls a request, and what becomes of it.

    Attributes:
        spoil: the answers to reads.
        codes: of the attempts in turn, where it may be sent again.
        once: the same where it may not.
        times: how often; None: as often as it is asked.
        instead: the answers to writes, where the sandbox must not be asked: what it did could not be compared.
        needs_json: means nothing to a client that reads something else.
        deadline_s: of each attempt.
    """

    name: str
    spoil: Spoil
    codes: tuple[Code, ...]
    once: tuple[Code, ...]
    times: int | None = None
    instead: Spoil | None = None
    needs_json: bool = False
    deadline_s: float = 20.0


FAILING = (Code.SERVER_ERROR, Code.SERVER_ERROR, Code.OK)
LIMITED = (Code.RATE_LIMITED, Code.OK)
UNREADABLE = (Code.BAD_ANSWER,)
BROKEN = (Code.CONNECTION_BROKEN,) * ATTEMPTS
LATE = (Code.TIMEOUT,) * ATTEMPTS
UNKNOWN = (Code.OUTCOME_UNKNOWN,)

PASSING = (
    Fault("500 twice", failing(500), FAILING, FAILING[:1], times=2),
    Fault("429 for a moment", failing(429, ("Retry-After", "0.05")), LIMITED, LIMITED, times=1),
)
LASTING = (
    Fault("429 for long", failing(429, ("Retry-After", "600")), LIMITED[:1], LIMITED[:1]),
    Fault(
        "malformed JSON", halved, UNREADABLE, UNREADABLE, instead=constant(Reply(body=ANSWERED[:-5])), needs_json=True
    ),
    Fault("a web page", constant(WEB_PAGE), UNREADABLE, UNREADABLE, needs_json=True),
    Fault("a body cut off", cut, BROKEN, UNKNOWN, instead=constant(Reply(body=ANSWERED, cut=True))),
    Fault("silence", constant(Reply(raw=b"", stall=True)), LATE, UNKNOWN, deadline_s=0.2),
)
BLANK = Fault("no body", constant(Reply(body=b"")), (Code.OK,), (Code.OK,), needs_json=True)


def each(*faults: Fault) -> pytest.MarkDecorator:
    """For tests of every one of them."""
    return pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name.replace(" ", "_")) for fault in faults])


@dataclass
class Spoken:
    """A service whose answers can be spoilt.

    Attributes:
        since: the newest call before they were.
    """

    setup: Setup
    service: Service
    relay: Relay
    since: int = 0

    def strike(
        self, spoil: Spoil, times: int | None = None, method: str = "", deadline_s: float = Fault.deadline_s
    ) -> None:
        """From now on; the deadline is that of clients made afterwards."""
        newest = self._calls().last()
        self.since, self.service.deadline_s = newest.pk if newest else 0, deadline_s
        self.relay.spoil(spoil, times, method)

    def mend(self) -> None:
        """The remote is well again, and what it asked for is over."""
        self.relay.mend()
        self.service.deadline_s = Fault.deadline_s
        ServiceState.objects.filter(service=self.service).update(limited_until=None)

    def codes(self, operation: str = "") -> tuple[str, ...]:
        """Of the attempts at the request that was struck first."""
        struck = self._calls().filter(pk__gt=self.since)
        first = (struck.filter(operation=operation) if operation else struck).first()
        assert first, "nothing was asked"
        return tuple(call.code for call in struck.filter(chain=first.chain))

    def sign_ins(self) -> int:
        """How often a token was asked for."""
        return self._calls().filter(operation__in=SIGN_INS).count()

    def hears_json(self) -> bool:
        """Whether the answer to its probe is JSON."""
        with client_of(self.service) as client:
            client.check_health()
        return "json" in self.relay.passed_on(self.relay.asked[-1]).content_type

    def secrets(self) -> set[str]:
        """What the service was given, and what it has sent to be let in."""
        headers = (asked.headers.get("authorization", "") for asked in self.relay.asked)
        return {*self.setup.secrets.values(), *(header.rpartition(" ")[2] for header in headers)} - {""}

    def _calls(self) -> QuerySet[Call]:
        return Call.objects.filter(service=self.service).order_by("pk")


def ending(fault: Fault, codes: tuple[Code, ...]) -> AbstractContextManager[None]:
    """What becomes of a request whose attempts had these codes."""
    return nullcontext() if fault.times and codes[-1] is Code.OK else _in_vain(codes[-1])


@contextmanager
def _in_vain(code: Code) -> Iterator[None]:
    """It fails with that code, or with one of the client's where the attempt went well; a long wait is parked."""
    with pytest.raises(Parked if code is Code.RATE_LIMITED else CallError) as failure:
        yield
    assert code in {Code.OK, Code.RATE_LIMITED, getattr(failure.value, "code", None)}
