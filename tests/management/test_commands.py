"""The verbs for a shell."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from threading import Event, Thread

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from django_q.models import OrmQ

from integrations.models import CachedAnswer, Essay, HealthCheck, Service, ServiceState, SyncRun
from tests.recorded import recorded
from tests.worker import run_next

REFUSED = "http://127.0.0.1:9"


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """Works tasks off in the background, as a worker beside the shell does."""
    stop = Event()

    def work() -> None:
        try:
            while not stop.is_set():
                if not (OrmQ.objects.exists() and run_next()):
                    stop.wait(0.05)
        finally:
            connection.close()

    thread = Thread(target=work, daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join(timeout=60)


@pytest.mark.parametrize(
    "command",
    [
        ["sync", "cns"],
        ["check_health", "cns"],
        ["circuit", "cns", "close"],
        ["purge_cache", "cns"],
        ["try_service", "cns"],
    ],
)
def test_an_unknown_service_is_answered_with_the_known_ones(cms: Service, github: Service, command: list[str]) -> None:
    with pytest.raises(CommandError, match=re.escape("There is no service “cns”. There are: cms, github.")):
        call_command(*command)


@pytest.mark.parametrize("command", ["sync", "check_health"])
@pytest.mark.django_db
def test_without_any_service_that_is_said(command: str) -> None:
    with pytest.raises(CommandError, match="none yet"):
        call_command(command, "cms")


def test_an_unknown_stream_is_answered_with_the_known_ones(cms: Service) -> None:
    with pytest.raises(CommandError, match=re.escape("Articles has no stream “pages”. It has: articles.")):
        call_command("sync", "cms", "pages")


def test_a_service_without_streams_says_so(github: Service) -> None:
    github.streams.all().delete()
    with pytest.raises(CommandError, match="has no stream to sync"):
        call_command("sync", "github")


@pytest.mark.parametrize("arguments", [["cms"], ["cms", "articles"]])
def test_a_sync_is_started_once_and_named(
    cms: Service, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("sync", *arguments)
    run = SyncRun.objects.get()
    assert (run.trigger, OrmQ.objects.count()) == (SyncRun.Trigger.COMMAND, 1)
    assert capsys.readouterr().out == f"{run} is waiting for a worker.\n"
    with pytest.raises(CommandError, match="already being synced"):
        call_command("sync", *arguments)


def test_everything_is_synced_where_what_changed_would_do(cms: Service) -> None:
    now = timezone.now()
    cms.streams.update(watermark=now, last_full_at=now)
    call_command("sync", "cms", "articles", "--full")
    run = SyncRun.objects.get()
    assert (run.mode, run.may_delete) == ("full", None)


def test_a_position_is_forgotten_from_a_shell(cms: Service, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("forget_position", "cms", "articles")
    assert cms.streams.get().forgotten_at
    assert (
        capsys.readouterr().out == "The position of Articles · articles is forgotten: the next run reads everything.\n"
    )


@pytest.mark.parametrize("command", ["sync", "check_health"])
def test_what_is_switched_off_is_said(cms: Service, command: str) -> None:
    Service.objects.update(enabled=False)
    with pytest.raises(CommandError, match=r"is switched off\. Enable the service first\."):
        call_command(command, "cms")


def test_without_a_name_every_enabled_service_is_checked(cms: Service, github: Service) -> None:
    Service.objects.create(slug="off", name="Off", system="cms", enabled=False, base_url=REFUSED)
    call_command("check_health")
    assert set(HealthCheck.objects.values_list("service__slug", flat=True)) == {"cms", "github"}


@pytest.mark.django_db(transaction=True)
def test_waiting_for_a_sync_tells_what_it_did(cms: Service, worker: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("sync", "cms", "--wait")
    assert "Succeeded. 240 created, 0 updated, 0 unchanged, 0 gone, 0 rejected." in capsys.readouterr().out
    assert Essay.objects.count() == 240


@pytest.mark.django_db(transaction=True)
def test_a_call_is_made_again_and_its_result_told(
    cms: Service, worker: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("repeat_call", str(recorded(cms).pk), "--wait")
    told = capsys.readouterr().out
    assert "Repeat of GET list_articles 200 is waiting for a worker." in told
    assert "GET list_articles 200: Succeeded." in told
    Service.objects.update(base_url=REFUSED, max_attempts=1)
    with pytest.raises(CommandError, match="The call did not succeed") as error:
        call_command("repeat_call", str(recorded(Service.objects.get()).pk), "--wait")
    assert error.value.returncode == 1
    assert "GET list_articles connection_refused: Failed. Connection refused by 127.0.0.1:9." in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_options_are_tried_and_not_saved(cms: Service, worker: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("try_service", "cms", "--option", "page_size=3", "--stream", "articles")
    told = capsys.readouterr().out
    assert "limit=3" in told
    assert "1: Libraries in numbers, part 1\n" in told
    assert told.endswith("3 read, 0 rejected; in all: 240.\nIt works.\n")
    with pytest.raises(CommandError, match="It answered 404"):
        call_command("try_service", "cms", "--option", "resource_path=/nothing/")
    assert Service.objects.get().options == {}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--option", "page_size=0"], "page_size: Ensure this value is greater than or equal to 1."),
        (["--option", "page_sise=3"], "There is no option “page_sise”. There are: product, collection, query, "),
        (["--stream", "pages"], "Articles has no stream “pages”. It has: articles."),
    ],
)
def test_what_cannot_be_tried_is_said(cms: Service, arguments: list[str], sentence: str) -> None:
    with pytest.raises(CommandError, match=re.escape(sentence)):
        call_command("try_service", "cms", *arguments)
    assert not OrmQ.objects.exists()


def test_what_cannot_be_called_again_is_said(cms: Service) -> None:
    with pytest.raises(CommandError, match="only calls that read are made again"):
        call_command("repeat_call", str(recorded(cms, method="POST").pk))
    with pytest.raises(CommandError, match=re.escape("There is no call 0. Calls are forgotten when they get old.")):
        call_command("repeat_call", "0")
    assert not OrmQ.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_waiting_for_a_sync_that_fails_is_a_failure(
    cms: Service, worker: None, capsys: pytest.CaptureFixture[str]
) -> None:
    Service.objects.update(options={"resource_path": "/nothing/"})
    with pytest.raises(CommandError, match="Not everything succeeded") as error:
        call_command("sync", "cms", "--wait")
    assert error.value.returncode == 1
    assert "Failed." in capsys.readouterr().out


@pytest.mark.django_db(transaction=True)
def test_waiting_for_checks_fails_unless_all_are_healthy(
    cms: Service, github: Service, worker: None, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("check_health", "--wait")
    Service.objects.filter(slug="github").update(base_url=REFUSED)
    with pytest.raises(CommandError, match="Not every service is healthy") as error:
        call_command("check_health", "--wait")
    assert error.value.returncode == 1
    said = capsys.readouterr().out
    assert "Articles: Healthy. 240 articles." in said
    assert "GitHub: Unhealthy. Connection refused by 127.0.0.1:" in said


def test_a_circuit_is_held_open_and_closed(cms: Service, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match="The circuit of Articles is closed already"):
        call_command("circuit", "cms", "close")
    for verb, position in (("hold", "held_open"), ("close", "closed")):
        call_command("circuit", "cms", verb)
        assert ServiceState.objects.get().circuit == position
    assert capsys.readouterr().out.splitlines() == [
        "The circuit of Articles is held open: nothing is sent until somebody closes it.",
        "The circuit of Articles is closed: calls are let through.",
    ]


@pytest.mark.parametrize(
    ("kept", "said"), [(0, "0 cached answers"), (1, "1 cached answer"), (1200, "1,200 cached answers")]
)
def test_a_purge_says_how_much_was_thrown_away(
    cms: Service, capsys: pytest.CaptureFixture[str], kept: int, said: str
) -> None:
    rows = [CachedAnswer(service=cms, key=str(n), operation="look_up", stored_at=timezone.now()) for n in range(kept)]
    CachedAnswer.objects.bulk_create(rows)
    call_command("purge_cache", "cms")
    assert capsys.readouterr().out == f"Articles: {said} thrown away.\n"
    assert not CachedAnswer.objects.exists()


def test_a_port_that_is_taken_is_said_with_the_variable_that_changes_it() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"Port {port} cannot be used: .* Set SANDBOX_PORT to a free one\."):
            call_command("sandbox", "--port", str(port))
