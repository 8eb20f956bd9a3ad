"""The page of a call: what it came to, why it was made, the attempts around it, what was said."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from integrations.admin.live import STOP_POLLING
from integrations.models import Call, CallBody, CallRepeat, HealthCheck, Service, SyncRun, WebhookEvent
from integrations.transport.codes import Code
from tests.admin.asking import hrefs, page, said
from tests.recorded import recorded


def kept(call: Call, **more: Any) -> Call:
    CallBody.objects.create(call=call, **more)
    return call


def test_a_failure_says_what_happened_and_what_to_do(browser: Client, cms: Service) -> None:
    call = recorded(cms, outcome="failed", code="server_error", status=503, error="It answered 503.")
    html = said(browser, call.get_absolute_url())
    assert '<span class="c-badge c-bad">Server error</span>' in html
    assert f"It answered 503. {Code.SERVER_ERROR.advice}" in html


def test_what_a_database_was_asked_is_shown_and_is_no_command_for_a_shell(browser: Client, cms: Service) -> None:
    call = kept(
        recorded(cms, method="SELECT", url="postgresql://db.example:5432/old", status=None),
        request_headers={"Content-Type": "application/sql"},
        request_body="SELECT id FROM orders;",
    )
    html = said(browser, call.get_absolute_url())
    assert "SELECT id FROM orders;" in html
    assert "curl" not in html
    assert "Call again" not in html


@pytest.mark.parametrize(("cache", "words"), [("hit", "From the cache"), ("stale", "From the cache, past its time")])
def test_what_came_from_the_cache_says_so_in_list_and_page(
    browser: Client, cms: Service, cache: str, words: str
) -> None:
    call = recorded(cms, cache=cache)
    for address in (page(Call, "changelist"), call.get_absolute_url()):
        assert f">{words}</span>" in said(browser, address)
    assert "Nothing was sent, so there are no headers and bodies to show." in said(browser, call.get_absolute_url())


def causes(service: Service) -> dict[str, dict[str, Any]]:
    return {
        "sync": {"run": SyncRun.objects.create(stream=service.streams.get(), trigger="staff")},
        "webhook": {"event": WebhookEvent.objects.create(service=service, delivery_id="1", body=b"")},
        "check": {"check_row": HealthCheck.objects.create(service=service, trigger="staff")},
    }


@pytest.mark.parametrize("trigger", ["sync", "webhook", "check"])
def test_the_row_that_asked_for_it_is_linked(browser: Client, cms: Service, trigger: str) -> None:
    cause = causes(cms)[trigger]
    call = recorded(cms, trigger=trigger, **cause)
    (row,) = cause.values()
    html = said(browser, call.get_absolute_url())
    assert row.get_absolute_url() in hrefs(html)
    assert f"{Call.Trigger(trigger).label}: <a" in html


def test_a_person_is_named_and_linked_for_those_who_may_see_accounts(
    browser: Client, as_person: Any, viewer: User, operator: User, cms: Service
) -> None:
    call = recorded(cms, trigger="staff", actor=operator)
    account = f"/admin/auth/user/{operator.pk}/change/"
    assert account in hrefs(said(browser, call.get_absolute_url()))
    html = said(as_person(viewer), call.get_absolute_url())
    assert account not in hrefs(html)
    assert "<dd>operator</dd>" in html


def test_all_attempts_at_a_request_are_listed_and_this_one_is_marked(browser: Client, cms: Service) -> None:
    same = {"chain": uuid.uuid4(), "correlation_id": uuid.uuid4()}
    attempts = [
        recorded(cms, **same, attempt=1, code="timeout", outcome="failed", status=None),
        recorded(cms, **same, attempt=2, backoff_ms=240.0),
        recorded(cms, **same, attempt=3, backoff_ms=1900.0),
    ]
    html = said(browser, attempts[1].get_absolute_url())
    rows = re.findall(r"<tr[^>]*>.*?</tr>", html, re.DOTALL)
    marked = [row for row in rows if 'aria-current="true"' in row]
    assert len(marked) == 1
    assert "240 ms" in marked[0]
    assert hrefs("".join(rows)) == {attempts[0].get_absolute_url(), attempts[2].get_absolute_url()}
    assert "No answer in time" in html
    assert "1.9 s" in html


def test_a_single_attempt_says_that_it_was_one(browser: Client, cms: Service) -> None:
    assert "This was the only one." in said(browser, recorded(cms).get_absolute_url())


def test_each_phase_has_a_bar_and_its_time_in_words(browser: Client, cms: Service) -> None:
    html = said(browser, recorded(cms, duration_ms=100, dns_ms=40.0, connect_ms=60.0).get_absolute_url())
    assert re.search(r'Name lookup</span>\s*<svg[^>]*>\s*<rect class="c-bar-connect" x="0" width="400"', html)
    assert re.search(r'Connecting</span>.*?x="400" width="600".*?<strong>60 ms</strong>', html, re.DOTALL)
    assert 'style="' not in html[html.index("c-waterfall") : html.index("Attempts at this request")]


def test_headers_are_a_table_and_bodies_are_coloured(browser: Client, cms: Service) -> None:
    call = kept(
        recorded(cms, request_bytes=5, response_bytes=200_000),
        request_headers={"X-<b>": "<i>", "Authorization": "[redacted]"},
        response_headers={"Content-Type": "application/json"},
        response_body='{"a": "<script>"}',
        response_sha256="ab" * 32,
        response_truncated=True,
    )
    html = said(browser, call.get_absolute_url())
    assert '<th scope="row">X-&lt;b&gt;</th><td >&lt;i&gt;</td>' in html
    assert '<td class="c-faint">[redacted]</td>' in html
    assert '<span class="c-s-text">&quot;&lt;script&gt;&quot;</span>' in html
    assert "195.3 KiB, cut at 64 KiB" in html
    assert f"<code>{'ab' * 32}</code>" in html


@pytest.mark.parametrize("policy", Service.BodyPolicy)
def test_what_was_not_kept_says_by_which_rule_and_where_to_change_it(
    browser: Client, as_person: Any, viewer: User, cms: Service, policy: Service.BodyPolicy
) -> None:
    Service.objects.update(body_policy=policy)
    call = recorded(cms)
    html = said(browser, call.get_absolute_url())
    assert f"The service keeps them: {policy.label.lower()}." in html
    assert "look under “Bodies”" in html
    assert "look under “Bodies”" not in said(as_person(viewer), call.get_absolute_url())


def test_the_command_stands_on_the_page_and_a_button_copies_it(browser: Client, cms: Service) -> None:
    html = said(browser, recorded(cms).get_absolute_url())
    assert 'data-copy="curl"' in html
    assert f'<pre class="c-code" id="curl" tabindex="0">curl --globoff \\\n  --url &#x27;{cms.base_url}/api' in html


@pytest.mark.parametrize(("method", "offered"), [("GET", True), ("HEAD", True), ("OPTIONS", True), ("POST", False)])
def test_only_what_reads_can_be_called_again(
    as_person: Any, operator: User, viewer: User, cms: Service, method: str, offered: bool
) -> None:
    call = recorded(cms, method=method)
    again = page(Call, "call_again", call.pk)
    assert (again in said(as_person(operator), call.get_absolute_url())) == offered
    assert again not in said(as_person(viewer), call.get_absolute_url())


@pytest.mark.parametrize("state", CallRepeat.State)
def test_a_page_looks_again_while_its_call_is_being_made_again(browser: Client, cms: Service, state: str) -> None:
    call = recorded(cms)
    repeat = CallRepeat.objects.create(call=call, state=state, failure_message="It <b>failed</b>.")
    moving = state in CallRepeat.ACTIVE
    html = said(browser, call.get_absolute_url())
    assert repeat.get_state_display() in html
    assert "It &lt;b&gt;failed&lt;/b&gt;." in html
    assert ('hx-trigger="every 1s' in html) == moving
    assert browser.get(page(Call, "live", call.pk)).status_code == (200 if moving else STOP_POLLING)


def test_a_page_whose_call_was_never_made_again_does_not_look_again(browser: Client, cms: Service) -> None:
    html = said(browser, recorded(cms).get_absolute_url())
    assert "hx-trigger" not in html[html.index("live-panel") : html.index("Where the time went")]
    assert "Called again" not in html
