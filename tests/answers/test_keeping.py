"""Which answers are kept, and for whom."""

from __future__ import annotations

import base64
from contextlib import suppress
from urllib.parse import quote, quote_plus

import pytest

from integrations import credentials
from integrations.answers import ServiceAnswers
from integrations.models import CachedAnswer, Service
from integrations.transport import keeping
from integrations.transport.auth import Auth
from integrations.transport.cache import Cache
from integrations.transport.codes import Code
from integrations.transport.errors import CallError
from integrations.transport.http import Transport
from integrations.transport.settings import Settings
from integrations.transport.sign_in import Ask
from tests.answers.asking import NEGATIVE, STAND_IN, ask, grow_old, told
from tests.tables import places_of
from tests.transport.server import Reply, ScriptedServer

SECRET = "canary/of the+cache-0123456789"
ONE, TWO = Reply(body=b'{"n": 1}'), Reply(body=b'{"n": 2}')
GONE = Reply(404, b'{"message": "no such place"}')


@pytest.mark.parametrize("body", [b"null", b"", b"[]", b"0", b'""', b"false"])
def test_nothing_is_an_answer_like_any_other(service: Service, remote: ScriptedServer, body: bytes) -> None:
    remote.answers(Reply(body=body), TWO)
    first = ask(service)
    assert ask(service).data == first.data != {"n": 2}
    assert len(remote.asked) == 1


@pytest.mark.parametrize("status", [404, 410])
def test_that_there_is_no_such_thing_is_kept_where_declared(
    service: Service, remote: ScriptedServer, status: int
) -> None:
    remote.answers(Reply(status, GONE.body), ONE, Reply(500))
    for _ in range(2):
        with pytest.raises(CallError, match="no such place") as failure:
            ask(service, NEGATIVE)
        assert (failure.value.code, failure.value.status) == (Code.NOT_FOUND, status)
    assert len(remote.asked) == 1
    assert told() == [("", "not_found", status), ("hit", "not_found", status)]
    assert ask(service).data == {"n": 1}, "another caller did not declare it"
    grow_old(3601)
    with pytest.raises(CallError, match="500"):
        ask(service, NEGATIVE)


def test_that_there_is_no_such_thing_stands_in_for_nothing(service: Service, remote: ScriptedServer) -> None:
    remote.answers(GONE, Reply(500))
    both = Cache(3600, stale_if_error_s=3600, keep_not_found=True)
    with pytest.raises(CallError, match="404"):
        ask(service, both)
    grow_old(3601)
    with pytest.raises(CallError, match="500"):
        ask(service, both)


@pytest.mark.parametrize("reply", [Reply(400), Reply(401), GONE, Reply(500), Reply(429), Reply(body=b"<html>")])
def test_a_failure_is_never_kept(service: Service, remote: ScriptedServer, reply: Reply) -> None:
    remote.answers(reply, reply, ONE)
    for _ in range(2):
        with pytest.raises(CallError):
            ask(service, STAND_IN)
    assert ask(service, STAND_IN).data == {"n": 1}
    assert len(remote.asked) == 3


FORMS = {
    "as it is": SECRET.encode(),
    "in base64": base64.b64encode(b"user:" + SECRET.encode()),
    "in hexadecimal": SECRET.encode().hex().encode(),
    "percent-encoded": b"canary%2Fof%20the%2Bcache-0123456789",
    "in UTF-16": SECRET.encode("utf-16-le"),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("status", [200, 404])
def test_an_answer_that_echoes_a_secret_is_never_kept(
    service: Service, remote: ScriptedServer, form: bytes, status: int
) -> None:
    credentials.store(service, "token", SECRET)
    remote.answers(Reply(status, b'{"you": "' + form + b'"}'))
    for _ in range(2):
        with suppress(CallError):
            ask(service, NEGATIVE, raw=True)
    assert len(remote.asked) == 2
    assert {bytes(body) for body in CachedAnswer.objects.values_list("body", flat=True)} == {b""}


class GetsToken(Auth):
    """Obtains its token with the first request, as sign-ins do."""

    def ready(self, ask: Ask) -> None:  # noqa: ARG002 - what it gets it has already
        self.learnt = (SECRET,)


def test_an_answer_that_echoes_a_token_obtained_for_it_is_never_kept(service: Service, remote: ScriptedServer) -> None:
    remote.answers(Reply(body=f'"{SECRET}"'.encode()))
    for _ in range(2):
        answers = ServiceAnswers(service, {}, {})
        with Transport(Settings(base_url=remote.url), answers=answers, auth=GetsToken()) as transport:
            assert transport.get_json("look_up", "/", cache=STAND_IN) == SECRET
    assert len(remote.asked) == 2
    assert places_of(SECRET) == []


@pytest.mark.parametrize("name", ["ETag", "Last-Modified", "Link"])
def test_a_header_that_echoes_a_secret_is_never_kept(service: Service, remote: ScriptedServer, name: str) -> None:
    credentials.store(service, "token", SECRET)
    remote.answers(Reply(headers=((name, f"<{SECRET}>"), ("Set-Cookie", f"sid={SECRET}"))))
    ask(service)
    ask(service)
    assert len(remote.asked) == 2
    assert places_of(SECRET) == []


def test_a_secret_in_the_question_is_not_kept_with_the_answer(service: Service, remote: ScriptedServer) -> None:
    credentials.store(service, "token", SECRET)
    for _ in range(2):
        ask(service, path=f"/{SECRET}", params={"key": SECRET}, headers={"X-Key": SECRET})
    assert len(remote.asked) == 1
    assert places_of(SECRET, quote(SECRET), quote(SECRET, safe=""), quote_plus(SECRET)) == []


def test_an_answer_that_is_too_large_is_given_and_not_kept(service: Service, remote: ScriptedServer) -> None:
    for size, asked in ((keeping.MOST_BYTES, 1), (keeping.MOST_BYTES + 1, 2)):
        CachedAnswer.objects.all().delete()
        remote.answers(Reply(body=b"1" * size))
        for _ in range(2):
            assert len(ask(service, raw=True).body) == size
        assert len(remote.asked) == asked


def test_two_services_never_share(service: Service, remote: ScriptedServer) -> None:
    twin = Service.objects.create(slug="twin", name="Twin", system="cms", base_url=remote.url)
    remote.answers(ONE, TWO)
    assert [ask(service).data, ask(twin).data] == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize("what", ["secret", "options", "base URL"])
def test_another_account_or_place_never_sees_what_was_kept(service: Service, remote: ScriptedServer, what: str) -> None:
    credentials.store(service, "token", "first secret")
    remote.answers(ONE, TWO)
    assert ask(service).data == {"n": 1}
    if what == "secret":
        credentials.store(service, "token", "second secret")
    elif what == "options":
        service.options = {"query": "tenant=2"}
    else:
        service.base_url = remote.url.replace("127.0.0.1", "localhost")
    assert ask(service).data == {"n": 2}


def test_whatever_tells_accounts_apart_makes_another_key(service: Service) -> None:
    def key(secret: str = "a", header: str = "a", option: str = "a") -> str:
        service.options = {"user": option}
        return ServiceAnswers(service, {"private_key": secret}, {"X-Account": header}).key("question")

    assert key() == key()
    assert len({key(), key(secret="b"), key(header="b"), key(option="b")}) == 4


def test_a_post_that_is_declared_is_kept_by_its_body_and_tried_again(service: Service, remote: ScriptedServer) -> None:
    service.max_attempts = 2
    remote.answers(Reply(500), ONE, TWO)
    for payload, data in (({"a": 1}, {"n": 1}), ({"a": 1}, {"n": 1}), ({"a": 2}, {"n": 2})):
        assert ask(service, method="POST", payload=payload).data == data
    assert len(remote.asked) == 3
