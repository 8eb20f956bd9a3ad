"""The verbs behind the buttons: the row each makes, what is said, and the sentence when it makes no sense."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from integrations import exporting
from integrations.models import (
    CachedAnswer,
    CallRepeat,
    HealthCheck,
    MediaAttachment,
    Service,
    ServiceState,
    Stream,
    SyncRun,
    WebhookEvent,
)
from tests.admin.asking import SUBMITTED, messages_of, page, said
from tests.recorded import recorded

AsPerson = Callable[[User], Client]


@pytest.fixture
def client(operator: User, as_person: AsPerson) -> Client:
    """The operator, signed in."""
    return as_person(operator)


@pytest.fixture
def run(cms: Service) -> SyncRun:
    return SyncRun.objects.create(stream=cms.streams.get(), trigger="staff", state="failed")


@pytest.fixture
def event(github: Service) -> WebhookEvent:
    return WebhookEvent.objects.create(service=github, delivery_id="one", state="dead", body=b"{}", claims=5)


@pytest.fixture
def media(db: None) -> MediaAttachment:
    return MediaAttachment.objects.create(file="media/none", original_name="a.png", state="quarantined")


def press(client: Client, row: Any, verb: str, **headers: str) -> str:
    """Confirm the dialog; what the next page says of it."""
    response = client.post(page(type(row), verb, row.pk), SUBMITTED, headers=headers)
    assert response.status_code == 200
    assert response.headers["HX-Redirect"] == headers.get("HX-Current-URL", row.get_absolute_url())
    return messages_of(response)[-1]


def leads_to(row: Any) -> str:
    return f'<a href="{row.get_absolute_url()}" class="c-link">{escape(str(row))}</a>'


def test_sync_now_starts_a_run_of_every_stream_and_links_to_it(client: Client, cms: Service, operator: User) -> None:
    message = press(client, cms, "sync_now")
    run = SyncRun.objects.get()
    assert (run.stream.service, run.trigger, run.actor, run.state) == (cms, "staff", operator, "queued")
    assert message == f"Started: {leads_to(run)}"


def test_the_new_row_is_linked_at_the_top_of_the_page_one_is_led_back_to(client: Client, cms: Service) -> None:
    press(client, cms, "sync_now")
    assert leads_to(SyncRun.objects.get()) in said(client, cms.get_absolute_url())


def test_from_the_list_one_is_led_back_to_the_list(client: Client, cms: Service) -> None:
    here = f"http://testserver{page(Service, 'changelist')}?enabled__exact=1"
    assert "Started:" in press(client, cms, "check_now", **{"HX-Current-URL": here})


def test_check_now_asks_for_a_check_and_links_to_it(client: Client, cms: Service, operator: User) -> None:
    message = press(client, cms, "check_now")
    check = HealthCheck.objects.get()
    assert (check.service, check.trigger, check.actor, check.state) == (cms, "staff", operator, "queued")
    assert message == f"Started: {leads_to(check)}"


def test_checking_twice_is_one_check(client: Client, cms: Service) -> None:
    assert press(client, cms, "check_now") == press(client, cms, "check_now")
    assert HealthCheck.objects.count() == 1


def test_syncing_a_stream_starts_a_run_of_it(client: Client, cms: Service, operator: User) -> None:
    message = press(client, cms.streams.get(), "sync_now")
    run = SyncRun.objects.get(stream=cms.streams.get(), trigger="staff", actor=operator)
    assert message == f"Started: {leads_to(run)}"


def test_retry_starts_a_new_run_that_names_the_old_one(client: Client, run: SyncRun, operator: User) -> None:
    message = press(client, run, "retry")
    again = SyncRun.objects.get(retry_of=run)
    assert (again.trigger, again.actor, again.correlation_id) == ("retry", operator, run.correlation_id)
    assert message == f"Started: {leads_to(again)}"


def test_replay_has_the_stored_delivery_processed_again(client: Client, event: WebhookEvent, operator: User) -> None:
    message = press(client, event, "replay")
    event.refresh_from_db()
    assert (event.state, event.claims, event.actor) == ("queued", 0, operator)
    assert message == f"Will be processed again: {leads_to(event)}"


def test_a_replay_keeps_the_reason_somebody_gave(client: Client, event: WebhookEvent) -> None:
    client.post(page(WebhookEvent, "replay", event.pk), {**SUBMITTED, "reason": "It was mended."})
    event.refresh_from_db()
    assert (event.reason, event.trigger) == ("It was mended.", "manual")


def test_what_was_held_back_is_processed_and_what_waits_is_cancelled(client: Client, event: WebhookEvent) -> None:
    WebhookEvent.objects.update(state="held", held_because="suspect")
    assert press(client, event, "process") == f"Will be processed: {leads_to(event)}"
    assert press(client, event, "cancel") == f"Cancelled: {leads_to(event)}"
    assert "does not wait any more" in press(client, event, "cancel")
    event.refresh_from_db()
    assert (event.state, event.failure_message) == ("cancelled", "Cancelled by operator.")


def test_processing_is_paused_and_resumed_by_name(client: Client, github: Service, event: WebhookEvent) -> None:
    WebhookEvent.objects.update(state="held", held_because="paused")
    assert "The processing of GitHub is paused" in press(client, github, "pause_events")
    assert "paused already" in press(client, github, "pause_events")
    assert "has been paused by operator" in said(client, github.get_absolute_url())
    assert press(client, github, "resume_events") == "The processing of GitHub is resumed; 1 event held back goes on."
    assert "is not paused" in press(client, github, "resume_events")


def test_validate_again_has_the_file_decoded_anew(client: Client, media: MediaAttachment, operator: User) -> None:
    message = press(client, media, "validate_again")
    media.refresh_from_db()
    assert (media.state, media.actor) == ("queued", operator)
    assert message == f"Will be validated: {leads_to(media)}"


def test_call_again_has_a_worker_make_it_and_links_to_its_page(client: Client, cms: Service, operator: User) -> None:
    call = recorded(cms)
    message = press(client, call, "call_again")
    repeat = CallRepeat.objects.get()
    assert (repeat.call, repeat.actor, repeat.state) == (call, operator, "queued")
    assert message == f"Started: {leads_to(repeat)}"
    assert "is being made again already" in press(client, call, "call_again")


def test_what_may_change_something_is_not_called_again_even_by_hand(client: Client, cms: Service) -> None:
    assert "only calls that read are made again" in press(client, recorded(cms, method="DELETE"), "call_again")
    assert not CallRepeat.objects.exists()


def circuit(service: Service) -> tuple[str, str]:
    state = ServiceState.objects.get(service=service)
    return state.circuit, state.circuit_reason


def test_a_circuit_is_held_open_and_closed_by_name(client: Client, cms: Service) -> None:
    said_of_it = press(client, cms, "hold_circuit_open")
    assert said_of_it == "The circuit of Articles is held open: nothing is sent until somebody closes it."
    assert circuit(cms) == ("held_open", "Held open by operator.")
    assert "held open already" in press(client, cms, "hold_circuit_open")
    assert press(client, cms, "close_circuit") == "The circuit of Articles is closed: calls are let through."
    assert circuit(cms) == ("closed", "Closed by operator.")
    assert "closed already" in press(client, cms, "close_circuit")


def test_the_cache_of_one_service_is_purged_and_counted(client: Client, cms: Service, github: Service) -> None:
    for service, key in ((cms, "1"), (cms, "2"), (github, "1")):
        CachedAnswer.objects.create(service=service, key=key, operation="x", stored_at=timezone.now())
    assert "2 answers are thrown away." in said(client, page(Service, "purge_cache", cms.pk))
    assert "1 answer is thrown away." in said(client, page(Service, "purge_cache", github.pk))
    assert press(client, cms, "purge_cache") == "2 cached answers of Articles thrown away."
    assert CachedAnswer.objects.get().service == github
    assert press(client, github, "purge_cache") == "1 cached answer of GitHub thrown away."


@pytest.mark.parametrize("key", ["0", "99999999999999999999", "x", "½", "%00"])
def test_the_question_about_a_cache_that_is_not_there_breaks_nothing(client: Client, db: None, key: str) -> None:
    assert "0 answers are thrown away." in said(client, f"/admin/integrations/service/{key}/purge_cache/")


def test_a_second_sync_says_that_one_is_under_way(client: Client, cms: Service) -> None:
    press(client, cms, "sync_now")
    sentence = "Articles · articles is already being synced. Wait for that run to end."
    assert press(client, cms, "sync_now") == sentence
    assert press(client, cms.streams.get(), "sync_now") == sentence
    assert SyncRun.objects.count() == 1


@pytest.mark.parametrize("verb", ["sync_now", "check_now"])
def test_a_service_that_is_off_says_so(client: Client, cms: Service, verb: str) -> None:
    Service.objects.update(enabled=False)
    assert press(client, cms, verb) == "Articles is switched off. Enable the service first."
    assert not SyncRun.objects.exists()
    assert not HealthCheck.objects.exists()


def test_a_stream_that_is_off_says_so(client: Client, cms: Service) -> None:
    Stream.objects.update(enabled=False)
    assert (
        press(client, cms.streams.get(), "sync_now") == "Articles · articles is switched off. Enable the stream first."
    )
    assert press(client, cms, "sync_now") == "Articles has no stream to sync."


def test_a_service_without_streams_says_so(client: Client, github: Service) -> None:
    github.streams.all().delete()
    assert press(client, github, "sync_now") == "GitHub has no stream to sync."


def test_a_parked_run_goes_on_at_once_by_retry(client: Client, run: SyncRun) -> None:
    SyncRun.objects.update(state="parked", due_at=timezone.now() + timedelta(hours=1))
    press(client, run, "retry")
    run.refresh_from_db()
    assert (SyncRun.objects.count(), run.state) == (1, "parked")
    assert run.due_at <= timezone.now()


def test_cancel_ends_a_run_and_says_so(client: Client, run: SyncRun, operator: User) -> None:
    SyncRun.objects.update(state="parked")
    assert press(client, run, "cancel") == f"Cancelled: {leads_to(run)}"
    run.refresh_from_db()
    assert (run.state, run.failure_message) == ("cancelled", "Cancelled by operator.")
    assert press(client, run, "cancel") == "This run has ended already."


def test_a_paused_stream_starts_nothing_until_it_is_resumed(client: Client, cms: Service) -> None:
    stream = cms.streams.get()
    assert press(client, stream, "pause") == "Articles · articles is paused. Press “Resume” to go on."
    assert press(client, stream, "sync_now") == "Articles · articles is paused by operator. Resume it first."
    assert press(client, stream, "pause") == "Articles · articles is paused already."
    assert press(client, stream, "resume") == "Articles · articles is resumed."
    assert press(client, stream, "resume") == "Articles · articles is not paused."
    assert press(client, stream, "sync_now").startswith("Started:")


@pytest.mark.parametrize("state", sorted(set(SyncRun.ACTIVE) - {"parked"}))
def test_a_run_that_has_not_ended_is_not_retried(client: Client, run: SyncRun, state: str) -> None:
    SyncRun.objects.update(state=state)
    assert press(client, run, "retry") == f"{run} has not ended yet. Wait for it."


@pytest.mark.parametrize("state", WebhookEvent.ACTIVE)
def test_a_delivery_that_waits_is_not_replayed_twice(client: Client, event: WebhookEvent, state: str) -> None:
    WebhookEvent.objects.update(state=state)
    assert press(client, event, "replay") == "This delivery is already waiting to be processed."


def test_names_of_strangers_are_escaped_in_messages(client: Client, cms: Service) -> None:
    Service.objects.update(name="<script>alert(1)</script>")
    press(client, cms, "sync_now")
    press(client, cms, "sync_now")
    html = said(client, cms.get_absolute_url())
    assert "is already being synced" in html
    assert "<script>alert" not in html


def test_the_buttons_are_shown_to_those_who_may_press_them(
    cms: Service, operator: User, viewer: User, as_person: AsPerson
) -> None:
    for address in (page(Service, "changelist"), cms.get_absolute_url()):
        for verb in ("sync_now", "check_now"):
            assert page(Service, verb, cms.pk) in said(as_person(operator), address)
            assert page(Service, verb, cms.pk) not in said(as_person(viewer), address)


def actions() -> Iterator[tuple[str, Any, Any]]:
    """Every action of every registered admin, Django's and Unfold's."""
    model: type[Model]
    made: Any  # Unfold's, which has no types
    for model, made in admin.site._registry.items():
        for kind in ("actions_list", "actions_row", "actions_detail", "actions_submit_line"):
            for name in made._extract_action_names(getattr(made, kind)):
                yield f"{model._meta.label}.{name}", made, getattr(made, name)


def test_every_action_has_permissions_and_a_dialog() -> None:
    found = {label: (made, method) for label, made, method in actions()}
    assert len(found) == 54
    for label, (made, method) in found.items():
        assert method.allowed_permissions, label
        assert not [name for name in method.allowed_permissions if "." in name], label
        assert all(hasattr(made, f"has_{name}_permission") for name in method.allowed_permissions), label
        assert set(method.dialog) == {"title", "description", "form_class", "form_submit_text"}, label


def test_few_lists_offer_anything_for_selected_rows(rf: Any, root: User) -> None:
    request = rf.get("/")
    request.user = root
    found = {model._meta.label: set(made.get_actions(request)) for model, made in admin.site._registry.items()}
    exported = {label for label, actions in found.items() if "export_chosen" in actions}
    assert exported == {model._meta.label for model in exporting.TABLES.values()}
    found = {label: actions - {"export_chosen"} for label, actions in found.items()}
    assert found.pop("auth.User") == found.pop("auth.Group") == {"delete_selected"}
    assert found.pop("integrations.Property") == {"geocode_chosen"}
    assert found.pop("integrations.Stream") == {"sync_chosen"}
    assert found.pop("integrations.SyncRun") == {"retry_chosen"}
    assert found.pop("integrations.WebhookEvent") == {"replay_chosen", "cancel_chosen"}
    assert found.pop("integrations.RefusedDelivery") == {"verify_chosen"}
    assert found.pop("integrations.RecordError") == {"retry_chosen", "skip_chosen", "count_chosen_again"}
    assert set().union(*found.values()) == set()
