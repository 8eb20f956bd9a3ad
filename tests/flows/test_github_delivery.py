"""A delivery as GitHub makes it: signed by `openssl`, posted by `curl`, received by the real web server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from html import unescape
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from integrations import credentials
from integrations.models import Service, WebhookEvent
from tests.flows.browserless import signed_in
from tests.flows.deployment import Deployment, Running
from tests.flows.processes import seconds_until

SECRET = "It's a Secret to Everybody"
TOO_LARGE = 2 * 1024 * 1024

pytestmark = pytest.mark.skipif(
    not (os.environ.get("CI") or (shutil.which("curl") and shutil.which("openssl"))),
    reason="curl or openssl is not on this machine",
)


@pytest.fixture
def push(shared_data: Path) -> Path:
    """A real push of GitHub."""
    return shared_data / "github-webhooks" / "push-0.json"


@pytest.fixture
def github(deployment: Deployment) -> Service:
    """A service that listens, at a web server that runs."""
    service = Service.objects.create(
        slug="github", name="GitHub", system="github", base_url="http://127.0.0.1:9", check_every_minutes=0
    )
    credentials.store(service, "webhook_secret", SECRET)
    deployment.start_web()
    return service


def signature_of(body: Path, secret: str = SECRET) -> str:
    """What `openssl` makes of it."""
    command = ["openssl", "dgst", "-sha256", "-hmac", secret, str(body)]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return f"sha256={printed.split()[-1]}"


def post(deployment: Deployment, body: Path, signature: str, *more: str, delivery: str = "") -> int:
    """The status that `curl` got; prints how long it took."""
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "GitHub-Hookshot/1a2b3c4",
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery or str(uuid.uuid4()),
        "X-Hub-Signature-256": signature,
    }
    lines = [part for name, value in headers.items() for part in ("-H", f"{name}: {value}")]
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{time_total}", "--max-time", "20"]
    target = f"{deployment.url}/hooks/github/"
    done = subprocess.run(
        [*command, *lines, *more, "--data-binary", f"@{body}", target], capture_output=True, text=True, check=False
    )
    status, seconds = done.stdout.split()
    print(f"{status} after {float(seconds) * 1000:.0f} ms")
    return int(status)


def test_a_push_is_stored_once_processed_once_and_shown(
    deployment: Deployment, github: Service, worker: Running, push: Path
) -> None:
    delivery = str(uuid.uuid4())
    assert post(deployment, push, signature_of(push), delivery=delivery) == 200
    event = WebhookEvent.objects.get()
    seconds_until(lambda: WebhookEvent.objects.get().state == WebhookEvent.State.SUCCEEDED, 20, "it is processed")
    assert bytes(event.body) == push.read_bytes()

    assert post(deployment, push, signature_of(push), delivery=delivery) == 200
    event.refresh_from_db()
    assert (event.state, event.duplicates, event.attempts.count()) == (WebhookEvent.State.SUCCEEDED, 1, 1)
    assert WebhookEvent.objects.count() == 1

    User.objects.create_superuser("root", password="secret of the tests")
    page = unescape(
        signed_in(deployment.url, "root", "secret of the tests").get(deployment.url + event.get_absolute_url()).text
    )
    assert "Codertocat pushed the tag simple-tag to Codertocat/Hello-World" in page
    assert json.dumps(json.loads(push.read_bytes()), indent=2, ensure_ascii=False) in page
    assert f"x-github-delivery: {delivery}" in page
    assert f"x-hub-signature-256: {signature_of(push)}" in page


def test_what_is_not_believed_or_not_measured_is_refused(
    deployment: Deployment, github: Service, push: Path, tmp_path: Path
) -> None:
    large = tmp_path / "large.json"
    large.write_bytes(b'"' + b"x" * (TOO_LARGE - 2) + b'"')
    assert post(deployment, push, signature_of(push, "another secret")) == 400
    assert post(deployment, push, "sha256=") == 400
    assert post(deployment, push, signature_of(push), "-H", "Transfer-Encoding: chunked") == 411
    assert post(deployment, large, signature_of(large)) == 413
    assert post(deployment, large, signature_of(large), "-H", "Expect: 100-continue") == 413
    assert not WebhookEvent.objects.exists()
