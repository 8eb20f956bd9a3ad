"""Every page with rows as they come in life and from people who mean harm: shown, escaped, without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils.html import escape
from django_q.models import Schedule

from integrations.admin.base import ConsoleAdmin
from integrations.models import Call, Change, Essay, HealthCheck, Incident, RecordError, Service, SyncRun, WebhookEvent
from tests.admin.asking import hrefs, page, registered, said
from tests.admin.hostile import BODIES, MARK
from tests.admin.population import CANARY, Texts, one_of_each, rows

INLINE_SCRIPT = re.compile(r"<script(?![^>]*(src=|application/json))", re.IGNORECASE)
FAKE_COUNT = re.compile(r"(?<!\d)9[^\d]?999[^\d]?999[^\d]?999(?!\d)")
CONSOLE_MODELS = [model for model in registered() if isinstance(admin.site._registry[model], ConsoleAdmin)]


def faults(html: str) -> list[str]:
    """What no page may hold."""
    found: dict[str, object] = {"unescaped text": MARK in html.lower(), "a secret": CANARY in html}
    found |= {"an inline script": INLINE_SCRIPT.search(html), "the count nobody made": FAKE_COUNT.search(html)}
    found |= {"template code of a stranger": "{{ 7|add:7 }}" not in html and "14{%" in html}
    return [fault for fault, there in found.items() if there]


def all_pages() -> Iterator[str]:
    yield from (reverse("admin:index"), reverse("dashboard_live"))
    for model in registered():
        yield page(model, "changelist")
        for pk in rows(model):
            yield page(model, "change", pk)
            if hasattr(admin.site._registry[model], "panel_view"):
                yield page(model, "live", pk)


def faulty(browser: Client, pages: Iterator[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for address in pages:
        response = browser.get(address)
        wrong = faults(response.content.decode()) if response.status_code in {200, 286} else ["no page"]
        if wrong:
            found[address] = (response.status_code, wrong)
    return found


@pytest.mark.usefixtures("populated")
def test_every_page_of_every_row_is_shown_whatever_is_in_it(browser: Client) -> None:
    assert faulty(browser, all_pages()) == {}


def test_naughty_strings_are_shown_as_text_wherever_they_stand(browser: Client, shared_data: Path) -> None:
    naughty = [text for text in json.loads((shared_data / "strings" / "blns.json").read_text()) if text.strip()]
    assert len(naughty) > 500
    one_of_each(Texts(tuple("\n".join(naughty[i : i + 60]) for i in range(0, len(naughty), 20))))
    WebhookEvent.objects.update(
        body="\n".join(naughty).encode("utf-8", "replace"), headers=dict.fromkeys(naughty, MARK)
    )
    assert faulty(browser, all_pages()) == {}
    (event,) = rows(WebhookEvent)
    html = said(browser, page(WebhookEvent, "change", event))
    assert [text for text in naughty if escape(text.encode("utf-8", "replace").decode()) not in html] == []


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_delivery_of_any_bytes_is_shown_at_no_more_than_its_size_and_some(
    browser: Client, github: Service, body: bytes
) -> None:
    event = WebhookEvent.objects.create(service=github, delivery_id="one", body=body)
    html = said(browser, event.get_absolute_url())
    assert len(html) < 1_500_000
    assert faults(html) == []


def test_every_file_of_a_torture_suite_is_shown(github: Service, shared_data: Path) -> None:
    files = sorted((shared_data / "json").rglob("*.json"))
    assert len(files) > 200
    event = WebhookEvent.objects.create(service=github, delivery_id="one", body=b"")
    shown = {}
    made: Any = admin.site._registry[WebhookEvent]
    for file in files:
        event.body = file.read_bytes()
        text, tree = made.as_text(event), made.payload_tree(event)
        is_text = text.startswith(("<pre", "–")) and bool(text.encode())
        shown[file.name] = is_text and tree.startswith(("<div", "<p")) and bool(tree.encode())
    assert [name for name, good in shown.items() if not good] == []


@pytest.mark.parametrize("model", CONSOLE_MODELS, ids=lambda model: model._meta.model_name)
def test_an_empty_list_says_what_to_do(browser: Client, model: type[Model]) -> None:
    Schedule.objects.all().delete()
    made: Any = admin.site._registry[model]
    assert made.empty_state.endswith(".")
    assert escape(made.empty_state) in said(browser, page(model, "changelist"))


@pytest.mark.parametrize("model", CONSOLE_MODELS, ids=lambda model: model._meta.model_name)
def test_a_list_in_which_nothing_matches_says_so(browser: Client, model: type[Model]) -> None:
    html = said(browser, page(model, "changelist", pk__isnull=True))
    assert "No row fits what you searched and filtered for." in html
    assert 'href="?"' in html


def test_an_account_without_roles_sees_neither_rows_nor_names(stranger: User, as_person: Any, cms: Service) -> None:
    html = said(as_person(stranger), reverse("admin:index"))
    assert "Ask an administrator" in html
    assert cms.name not in html


Links = dict[str, tuple[Model, list[str]]]


def links() -> Links:
    """For a row of each kind: the addresses its page must lead to."""
    run = SyncRun.objects.get(state="succeeded")
    return links_of_configuration(run) | links_of_calls(run) | links_of_records(run)


def links_of_configuration(run: SyncRun) -> Links:
    service, stream, incident = run.stream.service, run.stream, Incident.objects.get()
    logs = [page(model, "changelist", service__id__exact=service.pk) for model in (Call, WebhookEvent, HealthCheck)]
    runs = page(SyncRun, "changelist", stream__service__id__exact=service.pk)
    return {
        "service": (service, [stream.get_absolute_url(), run.get_absolute_url(), *logs, runs]),
        "service that fails": (incident.service, [incident.get_absolute_url()]),
        "stream": (stream, [service.get_absolute_url(), page(SyncRun, "changelist", stream=stream.pk)]),
        "incident": (incident, [incident.service.get_absolute_url()]),
    }


def links_of_calls(run: SyncRun) -> Links:
    call, event, check = Call.objects.get(run=run), WebhookEvent.objects.get(), HealthCheck.objects.get()
    checked_by, handled_by = Call.objects.get(check_row=check), Call.objects.get(event=event)
    service, trail = call.service.get_absolute_url(), reverse("trail", args=[call.correlation_id])
    story = reverse("trail", args=[event.correlation_id])
    return {
        "call of a run": (call, [service, run.get_absolute_url(), trail]),
        "call of an event": (handled_by, [event.get_absolute_url()]),
        "call of a check": (checked_by, [check.get_absolute_url()]),
        "event": (event, [event.service.get_absolute_url(), story]),
        "check": (check, [check.service.get_absolute_url(), checked_by.get_absolute_url()]),
    }


def links_of_records(run: SyncRun) -> Links:
    change, error = Change.objects.filter(run=run, kind="updated")[0], RecordError.objects.filter(run=run)[0]
    essay = Essay.objects.get(external_id=change.external_id)
    here, stream, service = (row.get_absolute_url() for row in (run, run.stream, run.stream.service))
    parts = [page(Change, "change", change.pk), page(RecordError, "change", error.pk)]
    logs = [page(model, "changelist", run=run.pk) for model in (Call, Change)]
    logs.append(page(RecordError, "changelist", run=run.pk, state="all"))
    return {
        "run": (
            run,
            [
                stream,
                page(Essay, "changelist", first_run=run.pk),
                Call.objects.get(run=run).get_absolute_url(),
                *parts,
                *logs,
            ],
        ),
        "change": (change, [here, essay.get_absolute_url()]),
        "error": (error, [here]),
        "essay": (essay, [service, here, parts[0]]),
    }


def test_an_essay_leads_to_its_address_and_its_picture(browser: Client) -> None:
    one_of_each()
    essay = Essay.objects.all()[0]
    Essay.objects.filter(pk=essay.pk).update(url="https://a.example/b/", cover_url="https://a.example/c.jpg")
    there = said(browser, page(Essay, "change", essay.pk))
    for address in ("https://a.example/b/", "https://a.example/c.jpg"):
        assert f'href="{address}"' in there
        assert f'src="{address}"' not in there


def test_rows_that_belong_together_lead_to_each_other(browser: Client) -> None:
    one_of_each()
    for name, (row, wanted) in links().items():
        there = hrefs(said(browser, page(type(row), "change", row.pk)))
        assert [address for address in wanted if address not in there] == [], name


def test_the_change_of_a_deleted_row_leads_to_its_run_alone(browser: Client) -> None:
    one_of_each()
    (change,) = Change.objects.filter(kind="deleted")
    html = said(browser, page(Change, "change", change.pk))
    assert "/None/" not in html
    assert change.run
    assert change.run.get_absolute_url() in hrefs(html)
    assert "/None/" not in said(browser, page(Change, "changelist"))


def test_no_link_leads_nowhere(browser: Client) -> None:
    """Every page that links lead to, and of each the first address with a query of each kind, up to a bound."""
    one_of_each()
    plain, with_query, seen = [reverse("admin:index")], list[str](), {reverse("admin:logout")}
    while plain or (with_query and len(seen) < 130):
        address = (plain or with_query).pop(0)
        path, _, query = address.partition("?")
        kind = path + "".join(sorted(part.partition("=")[0] for part in query.split("&")))
        if kind in seen:
            continue
        seen.add(kind)
        response = browser.get(address, follow=True)
        assert response.status_code in {200, 286}, address
        html = "" if response.streaming else response.content.decode()  # a file leads nowhere
        assert "Perhaps it was deleted?" not in html, address
        for link in hrefs(html):
            (with_query if "?" in link else plain).append(urljoin(path, link))
    assert len(seen) > 100


def test_a_retry_leads_to_the_run_before(browser: Client, cms: Service) -> None:
    before = SyncRun.objects.create(stream=cms.streams.get(), trigger="staff", state="failed")
    again = SyncRun.objects.create(stream=cms.streams.get(), trigger="retry", state="failed", retry_of=before)
    assert before.get_absolute_url() in hrefs(said(browser, again.get_absolute_url()))
