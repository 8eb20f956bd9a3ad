"""Files from the web: fetched by the worker, from public addresses only, with every attempt in the call log."""

from __future__ import annotations

from io import BytesIO
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.conf import settings as of_project
from PIL import Image
from pytest_django import Settings

from integrations import ops, tasks
from integrations.models import Call, MediaAttachment, Service
from tests.transport.server import Reply, ScriptedServer


@pytest.fixture
def door(db: None, remote: ScriptedServer, settings: Settings) -> Service:
    """A service that may also fetch from the scripted remote."""
    settings.UNTRUSTED_NETWORKS, settings.UNTRUSTED_PORTS = (ip_network("127.0.0.1/32"),), (remote.port,)
    return Service.objects.create(slug="links", name="Links", system="opengraph", base_url="https://ogp.example")


def picture() -> bytes:
    made = BytesIO()
    Image.new("RGB", (64, 40), "teal").save(made, "PNG")
    return made.getvalue()


def fetched(address: str) -> MediaAttachment:
    media = ops.fetch(address, ops.Brought(alt_text="A field"))
    tasks.validate_media(str(media.pk))
    media.refresh_from_db()
    return media


def files() -> list[Path]:
    return [found for found in Path(of_project.MEDIA_ROOT, "media").rglob("*") if found.is_file()]


def test_what_is_at_the_address_is_kept_and_judged_as_an_upload_is(door: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=picture(), content_type="text/plain"))
    media = fetched(f"{remote.url}/2026/teal.png?w=9#part")
    assert (media.finished_at is not None, media.failure_message) == (True, "")
    assert (media.original_name, media.size, media.width, media.height) == ("teal.png", len(picture()), 64, 40)
    with media.file.open("rb") as kept:
        assert kept.read() == picture()
    call = Call.objects.get()
    assert (call.service, call.operation, call.correlation_id) == (door, "fetch_file", media.correlation_id)
    assert [asked.target for asked in remote.asked] == ["/2026/teal.png?w=9"]


def test_a_file_is_fetched_once_however_often_it_is_validated(door: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=picture()))
    media = fetched(f"{remote.url}/a.png")
    ops.validate(media)
    tasks.validate_media(str(media.pk))
    assert len(remote.asked) == 1


@pytest.mark.parametrize("address", ["http://127.0.0.1:1/x.png", "http://10.0.0.1/x.png", "http://[::1]/x.png"])
def test_inside_addresses_are_not_dialled(
    door: Service, remote: ScriptedServer, settings: Settings, address: str
) -> None:
    settings.UNTRUSTED_NETWORKS, settings.UNTRUSTED_PORTS = (), (1,)
    media = fetched(address)
    assert media.failure_code == "not_fetched"
    assert "is not at a public address" in media.failure_message
    assert not media.file
    assert Call.objects.get().code == "blocked_address"


def test_a_redirect_inside_is_not_followed(door: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(302, headers=(("Location", "http://10.0.0.1/x.png"),)))
    assert "is not at a public address" in fetched(f"{remote.url}/x.png").failure_message


@pytest.mark.parametrize("status", [404, 500])
def test_a_remote_that_has_no_file_says_so(door: Service, remote: ScriptedServer, status: int) -> None:
    Service.objects.update(max_attempts=1)
    remote.answers(Reply(status, body=b"no"))
    media = fetched(f"{remote.url}/x.png")
    assert str(status) in media.failure_message
    assert files() == []


def test_an_answer_without_end_is_cut_off(door: Service, remote: ScriptedServer) -> None:
    Service.objects.update(max_response_mib=1)
    remote.answers(Reply(body=bytes(1024 * 1024 + 1)))
    assert "1" in fetched(f"{remote.url}/x.png").failure_message
    assert files() == []


@pytest.mark.django_db
def test_without_a_service_for_strangers_it_is_said_which_to_add() -> None:
    media = fetched("https://pictures.example/x.png")
    assert "Add a service of the kind “Link previews (OpenGraph)”" in media.failure_message


def test_what_is_no_picture_is_refused_as_an_upload_is(door: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=b"<html>", content_type="image/png"))
    media = fetched(f"{remote.url}/x.png")
    assert media.failure_code != "not_fetched"
    assert media.failure_message
