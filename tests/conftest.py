"""What every test may ask for: four people, a sandbox on a real socket, two services."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Iterator
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client, TransactionTestCase
from pytest_django import DjangoDbBlocker, Settings

from integrations import credentials, leases, sandbox, side_by_side
from integrations.models import Service
from integrations.roles import MANAGER, OPERATOR, VIEWER
from integrations.webhooks import receivers
from tests.browser.chromium import find
from tests.browser.watch import Watch
from tests.emptying import Emptying
from tests.peers.authorization_server import AuthorizationServer
from tests.peers.database_servers import Server, serving
from tests.peers.session_server import SessionServer
from tests.transport.server import Reply, ScriptedServer

MakePerson = Callable[..., User]
SHARED_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
WEBHOOK_SECRET = "a webhook secret of the tests"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """What hostile data left in a log must be able to go from one process to the other."""
    report = yield
    report.sections = [(title, text.encode("utf-8", "replace").decode()) for title, text in report.sections]
    return report


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The database of this session's tests; what they commit is removed in our way."""
    with django_db_blocker.unblock():
        empty = Emptying()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(TransactionTestCase, "_fixture_teardown", staticmethod(empty))
        yield


@pytest.fixture(scope="session")
def _folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names of folders that are not there yet: making one for each test takes longer than most tests."""
    base = tmp_path_factory.mktemp("media")
    return (base / str(number) for number in count())


@pytest.fixture(autouse=True)
def _no_sign_of_life_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process gives one a second at most, and here a second sees many databases."""
    monkeypatch.setattr(leases, "_beaten_at", -math.inf)


@pytest.fixture(autouse=True)
def _nobody_is_known_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process remembers for a second who listens at an address, and tests change that at will."""
    monkeypatch.setattr(receivers, "KEPT_S", 0.0)
    monkeypatch.setattr(receivers, "_kept", {})


@pytest.fixture(autouse=True)
def _checks_in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another one would see nothing of the test's transaction; see test_side_by_side.py for those."""
    monkeypatch.setattr(side_by_side, "run", side_by_side.one)


@pytest.fixture(autouse=True)
def _files_of_this_test_only(settings: Settings, _folders: Iterator[Path]) -> None:
    settings.MEDIA_ROOT = next(_folders)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Test data nobody here wrote; CI must have it."""
    if not SHARED_DATA.is_dir():
        assert not os.environ.get("CI"), f"CI must have the shared test data at {SHARED_DATA}"
        pytest.skip("the shared test data is not on this machine")
    return SHARED_DATA


@pytest.fixture
def person(db: None) -> MakePerson:
    """Makes a member of staff in one of the roles, or with none."""

    def make(name: str, *roles: str) -> User:
        user = User.objects.create_user(name, password="secret of the tests", is_staff=True)
        user.groups.set(Group.objects.filter(name__in=roles))
        return user

    return make


@pytest.fixture
def viewer(person: MakePerson) -> User:
    return person("viewer", VIEWER)


@pytest.fixture
def operator(person: MakePerson) -> User:
    return person("operator", OPERATOR)


@pytest.fixture
def manager(person: MakePerson) -> User:
    return person("manager", MANAGER)


@pytest.fixture
def stranger(person: MakePerson) -> User:
    """Staff, but in no role."""
    return person("stranger")


@pytest.fixture
def as_person() -> Callable[[User], Client]:
    """A signed-in browser without a screen."""

    def sign_in(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return sign_in


@pytest.fixture(scope="session")
def sandbox_url() -> Iterator[str]:
    """All sandboxes on a real socket; a System's is at <url>/<slug>."""
    server = sandbox.server(0)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def cms(db: None, sandbox_url: str) -> Service:
    return Service.objects.create(slug="cms", name="Articles", system="cms", base_url=f"{sandbox_url}/cms")


@pytest.fixture
def github(db: None, sandbox_url: str) -> Service:
    service = Service.objects.create(slug="github", name="GitHub", system="github", base_url=f"{sandbox_url}/github")
    credentials.store(service, "webhook_secret", WEBHOOK_SECRET)
    return service


@pytest.fixture(scope="session")
def _scripted_server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as server:
        yield server


@pytest.fixture
def remote(_scripted_server: ScriptedServer) -> ScriptedServer:
    """A remote that says what the test tells it to say."""
    _scripted_server.answers(Reply())
    return _scripted_server


@pytest.fixture(scope="session", params=["postgresql", "mysql"])
def database_server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A real database server; what is in it belongs to this session's tests."""
    with serving(request.param) as server:
        yield server


@pytest.fixture
def oauth_server() -> Iterator[AuthorizationServer]:
    with AuthorizationServer() as server:
        yield server


@pytest.fixture
def session_server() -> Iterator[SessionServer]:
    with SessionServer() as server:
        yield server


@pytest.fixture
def calling(cms: Service, remote: ScriptedServer) -> Service:
    """A service that calls the scripted remote."""
    cms.base_url = remote.url
    cms.save()
    return cms


@pytest.fixture(scope="session")
def chromium() -> str:
    """Where it is."""
    return find()


@pytest.fixture
def watch() -> Iterator[Watch]:
    """Fails the test at its end if the browser had anything to complain about."""
    watch = Watch()
    yield watch
    assert not watch.complaints, "\n".join(watch.complaints)


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: SCREENSHOTS, else a temporary folder."""
    folder = Path(os.environ.get("SCREENSHOTS") or tmp_path_factory.mktemp("pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
