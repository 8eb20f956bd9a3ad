"""The contract while the remote fails: every fault is counted and told, and none is taken for the end of a list.

Run over every System that speaks HTTP, at its sandbox, through a relay that spoils the answers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import chain, islice

import pytest
from pytest_django import Settings

from integrations.models import Call
from integrations.systems.base import Page, StreamSpec, System
from integrations.transport import retry
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from tests.systems import contract, examples
from tests.systems.examples import Setup, Write
from tests.systems.relay import Relay, emptied, untouched
from tests.systems.spoilt import ATTEMPTS, BLANK, LASTING, PASSING, Fault, Spoken, each, ending
from tests.tables import places_of

Speak = Callable[[Setup], Spoken]
Undisturbed = Callable[[Setup, StreamSpec], list[list[str]]]
each_setup = pytest.mark.parametrize("setup", examples.each_setup())
each_stream = pytest.mark.parametrize(("setup", "stream"), examples.each_stream())

pytestmark = pytest.mark.django_db


@pytest.fixture
def relay(sandbox_url: str, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """Retries follow each other at once; how many there are is still the transport's decision."""
    monkeypatch.setattr(retry, "FIRST_PAUSE_S", 0.0)
    with Relay(to=sandbox_url) as made:
        settings.UNTRUSTED_PORTS = (made.port,)
        yield made


@pytest.fixture
def speak(relay: Relay) -> Iterator[Speak]:
    """Makes a service that has signed in. In the end every attempt has a row, and nothing secret is in any."""
    made: list[Spoken] = []

    def make(setup: Setup) -> Spoken:
        made.append(Spoken(setup, setup.service(relay.url, len(made)), relay))
        if setup.signs_in:
            with contract.client_of(made[-1].service) as client:
                client.check_health()
        return made[-1]

    yield make
    assert Call.objects.exclude(cache="hit").count() == len(relay.asked) > 0
    assert places_of(*made[-1].secrets()) == []


@pytest.fixture(scope="module")
def read_before() -> dict[str, list[list[str]]]:
    return {}


@pytest.fixture
def undisturbed(read_before: dict[str, list[list[str]]], speak: Speak) -> Undisturbed:
    """The ids of each page of a stream with nothing amiss, read once."""

    def pages(setup: Setup, stream: StreamSpec) -> list[list[str]]:
        name = f"{setup.name} {stream.name}"
        if name not in read_before:
            read_before[name] = [contract.ids([page]) for page in resumed(setup, stream, speak(setup), [])]
        return read_before[name]

    return pages


def resumed(setup: Setup, stream: StreamSpec, spoken: Spoken, came: list[Page]) -> list[Page]:
    """What follows after these pages."""
    with contract.client_of(spoken.service) as client:
        return list(contract.read(setup.system, stream, client, came[-1].position if came else {}))


@each(*PASSING, *LASTING, BLANK)
@each_setup
def test_a_probe_outlasts_what_passes_and_tells_what_stays(speak: Speak, setup: Setup, fault: Fault) -> None:
    spoken = speak(setup)
    if fault.needs_json and not spoken.hears_json():
        pytest.skip(f"{setup.name} reads something else than JSON")
    spoken.strike(fault.spoil, fault.times, deadline_s=fault.deadline_s)
    with ending(fault, fault.codes), contract.client_of(spoken.service, ATTEMPTS) as client:
        client.check_health()
    assert spoken.codes() == fault.codes


@each(*PASSING)
@each_stream
def test_a_stream_outlasts_what_passes(
    speak: Speak, undisturbed: Undisturbed, setup: Setup, stream: StreamSpec, fault: Fault
) -> None:
    whole, spoken = undisturbed(setup, stream), speak(setup)
    with contract.client_of(spoken.service, ATTEMPTS) as client:
        pages = contract.read(setup.system, stream, client, {})
        found = list(islice(pages, len(whole) > 1))
        spoken.strike(fault.spoil, fault.times)
        found += pages
    assert contract.ids(found) == list(chain.from_iterable(whole))
    assert spoken.codes() == fault.codes


@each(*LASTING, BLANK)
@each_stream
def test_a_stream_that_breaks_off_says_so_and_goes_on_with_exactly_the_rest(
    speak: Speak, undisturbed: Undisturbed, setup: Setup, stream: StreamSpec, fault: Fault
) -> None:
    whole, spoken = undisturbed(setup, stream), speak(setup)
    with contract.client_of(spoken.service) as client:
        came = list(islice(contract.read(setup.system, stream, client, {}), len(whole) > 1))
    spoken.strike(fault.spoil, deadline_s=fault.deadline_s)
    with ending(fault, fault.codes), contract.client_of(spoken.service, ATTEMPTS) as client:
        next(contract.read(setup.system, stream, client, came[-1].position if came else {}))
    assert spoken.codes() == fault.codes
    spoken.mend()
    rest = resumed(setup, stream, spoken, came)
    assert [contract.ids([page]) for page in (*came, *rest)] == whole


@each_stream
def test_a_page_without_items_does_not_end_a_list_that_has_more(
    speak: Speak, undisturbed: Undisturbed, setup: Setup, stream: StreamSpec
) -> None:
    whole, spoken = undisturbed(setup, stream), speak(setup)
    found: list[Page] = []
    has_ended = False
    with suppress(CallError), contract.client_of(spoken.service) as client:
        pages = contract.read(setup.system, stream, client, {})
        found += islice(pages, len(whole) > 1)
        spoken.strike(emptied, times=1)
        for page in pages:
            found += [page]
        has_ended = True
    assert contract.ids(found) == list(chain.from_iterable(whole)) or not (
        has_ended and any(page.total for page in found)
    )


@pytest.mark.parametrize(("setup", "stream"), examples.each_stream(signs_in=True))
def test_a_session_that_ends_between_two_pages_is_begun_anew_once_and_nothing_is_lost(
    speak: Speak, undisturbed: Undisturbed, setup: Setup, stream: StreamSpec
) -> None:
    whole, spoken = undisturbed(setup, stream), speak(setup)
    with contract.client_of(spoken.service) as client:
        pages = contract.read(setup.system, stream, client, {})
        found = [next(pages)]
        setup.end_sessions()
        spoken.strike(untouched)
        found += pages
    assert contract.ids(found) == list(chain.from_iterable(whole))
    assert spoken.codes() == (Code.AUTH_FAILED, Code.OK)
    assert spoken.sign_ins() == 2


@pytest.mark.parametrize("system", contract.each_system())
def test_every_operation_that_sends_has_an_example(system: System) -> None:
    missing = examples.sent_operations(system) - examples.writes(system).keys()
    assert not missing, (
        f"Add {', '.join(sorted(missing))} to WRITES in tests/systems/test_{system.slug}.py: the operation by its "
        'name, for example "create_thing": Write("POST", lambda client: client.create_thing("x"), once=True).'
    )


@each(*PASSING, *LASTING)
@pytest.mark.parametrize(("setup", "operation", "write"), examples.each_write())
def test_a_write_is_repeated_only_where_that_does_no_harm(
    speak: Speak, setup: Setup, operation: str, write: Write, fault: Fault
) -> None:
    spoken, codes = speak(setup), fault.once if write.once else fault.codes
    spoken.strike(fault.instead or fault.spoil, fault.times, write.method, max(fault.deadline_s, 0.4))
    with ending(fault, codes), contract.client_of(spoken.service, ATTEMPTS) as client:
        write.run(client)
    struck = spoken.codes(operation)
    # What is no JSON may be found unreadable by the client alone, after the call.
    assert (len(struck), struck[:-1]) == (len(codes), codes[:-1])
