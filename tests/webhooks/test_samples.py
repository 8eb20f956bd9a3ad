"""A test delivery goes the way of any other: from a worker over a socket to our own address."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from pytest_django.live_server_helper import LiveServer

from integrations import credentials, ops, tasks
from integrations.models import Call, SampleDelivery, Service, WebhookEvent
from tests.conftest import WEBHOOK_SECRET
from tests.tables import places_of


@pytest.mark.parametrize("scheme", ["", "standard", "stripe", "slack", "gitlab", "basic", "none"])
def test_it_is_believed_stored_and_processed(
    live_server: LiveServer, github: Service, operator: User, scheme: str
) -> None:
    if scheme:
        Service.objects.update(system="rest", options={"hook_scheme": scheme})
        credentials.store(github, "webhook_secret", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")
    sample = ops.send_sample(Service.objects.get(), f"{live_server.url}/hooks/github/", operator)
    tasks.send_sample(str(sample.pk))
    sample.refresh_from_db()
    assert (sample.state, sample.status, sample.failure_message) == ("succeeded", 200, "")
    event, call = WebhookEvent.objects.get(), Call.objects.get()
    assert (call.operation, call.status, call.trigger, call.actor) == ("send_sample", 200, "staff", operator)
    tasks.process_event(str(event.pk))
    event.refresh_from_db()
    # Of the events of GitHub some are handled, and a test is none of them.
    assert event.state == ("succeeded" if scheme else "ignored"), event.failure_message
    assert places_of("whsec_C2FVsBQ") == places_of(WEBHOOK_SECRET) == []


def test_what_our_address_answers_is_said(live_server: LiveServer, github: Service) -> None:
    sample = ops.send_sample(github, f"{live_server.url}/hooks/other/")
    tasks.send_sample(str(sample.pk))
    sample.refresh_from_db()
    assert sample.state == "failed"
    assert "404" in sample.failure_message


def test_one_at_a_time_and_only_where_something_is_received(github: Service, cms: Service) -> None:
    ops.send_sample(github, "http://127.0.0.1:9/hooks/github/")
    with pytest.raises(ops.Impossible, match="on its way"):
        ops.send_sample(github, "http://127.0.0.1:9/hooks/github/")
    with pytest.raises(ops.Impossible, match="receives nothing"):
        ops.send_sample(cms, "http://127.0.0.1:9/hooks/cms/")


def test_it_can_be_asked_for_from_a_shell(github: Service, cms: Service) -> None:
    call_command("send_sample", "github", console="http://127.0.0.1:9/")
    assert SampleDelivery.objects.get().address == "http://127.0.0.1:9/hooks/github/"
    with pytest.raises(CommandError, match="receives nothing"):
        call_command("send_sample", cms.slug, console="http://127.0.0.1:9")
