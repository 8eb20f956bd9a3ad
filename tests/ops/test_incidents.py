"""Verbs of incidents, by button and by command."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from integrations import incidents, ops
from integrations.models import Incident, Service
from tests.admin.asking import SUBMITTED, messages_of, page, said

AsPerson = Callable[[User], Client]
VERBS = {
    "acknowledge": (ops.acknowledge, {"open": "acknowledged"}),
    "ignore": (ops.ignore, {"open": "ignored", "acknowledged": "ignored"}),
    "watch": (ops.watch, {"ignored": "open"}),
    "resolve": (
        ops.resolve_incident,
        {"open": "resolved", "acknowledged": "resolved", "ignored": "resolved"},
    ),
}
STATES = [state.value for state in Incident.State]


@pytest.fixture
def incident(cms: Service) -> Incident:
    incidents.report(cms, Incident.Kind.SYNC, "timeout", "The CMS did not answer.")
    return Incident.objects.get()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_fits_some_states_and_says_so_of_others(incident: Incident, verb: str, state: str) -> None:
    do, becomes = VERBS[verb]
    Incident.objects.update(state=state)
    if state not in becomes:
        with pytest.raises(ops.Impossible, match=f"is {state} now"):
            do(incident, "Because.")
        return
    done = do(incident, "Because.")
    assert (done.state, done.decision, done.decided_by) == (becomes[state], "Because.", "the command line")
    assert bool(done.resolved_at) == (done.state == "resolved")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", STATES)
def test_the_page_offers_what_fits(
    incident: Incident, operator: User, as_person: AsPerson, verb: str, state: str
) -> None:
    Incident.objects.update(state=state)
    shown = said(as_person(operator), incident.get_absolute_url())
    assert (page(Incident, verb, incident.pk) in shown) == (state in VERBS[verb][1])


def test_an_operator_decides_with_a_reason_that_the_page_shows(
    incident: Incident, operator: User, as_person: AsPerson
) -> None:
    client = as_person(operator)
    client.post(page(Incident, "acknowledge", incident.pk), {**SUBMITTED, "reason": ""})
    incident.refresh_from_db()
    assert incident.state == "open"
    response = client.post(page(Incident, "acknowledge", incident.pk), {**SUBMITTED, "reason": "Asked the vendor."})
    assert messages_of(response)[-1].startswith("Acknowledged:")
    shown = said(client, incident.get_absolute_url())
    assert "Asked the vendor." in shown
    assert str(operator) in shown


def test_others_decide_nothing(incident: Incident, viewer: User, stranger: User, as_person: AsPerson) -> None:
    for person in (viewer, stranger):
        for verb in VERBS:
            as_person(person).post(page(Incident, verb, incident.pk), {**SUBMITTED, "reason": "Mine."})
    incident.refresh_from_db()
    assert (incident.state, incident.decision) == ("open", "")


def test_the_list_shows_what_goes_on_unless_others_are_asked_for(
    incident: Incident, viewer: User, as_person: AsPerson
) -> None:
    listed, client = page(Incident, "changelist"), as_person(viewer)
    assert incident.message in said(client, listed)
    Incident.objects.update(state="resolved")
    assert incident.message not in said(client, listed)
    assert incident.message in said(client, f"{listed}?state=resolved")
    assert incident.message in said(client, f"{listed}?state=all")


def run(*words: str) -> str:
    out = StringIO()
    call_command("incident", *words, stdout=out)
    return out.getvalue()


def test_the_command_does_the_same(incident: Incident) -> None:
    assert incident.message in run()
    assert "acknowledged" in run("acknowledge", str(incident.pk), "--reason", "Asked the vendor.")
    run("resolve", str(incident.pk), "--reason", "Mended.")
    assert run() == "No failure goes on.\n"
    with pytest.raises(CommandError, match="resolved now"):
        run("ignore", str(incident.pk), "--reason", "Why not.")
    with pytest.raises(CommandError, match="There is no incident 999"):
        run("ignore", "999", "--reason", "Why not.")
    with pytest.raises(CommandError, match="Say which and why"):
        run("ignore", str(incident.pk))
