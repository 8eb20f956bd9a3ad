"""The lines of the Procfile start what they say, as `make run` has them started."""

from __future__ import annotations

from functools import partial

import requests
from django.conf import settings

from integrations.models import WorkerHeartbeat
from tests.flows import processes
from tests.flows.deployment import Deployment


def test_the_web_server_answers_and_stops(deployment: Deployment) -> None:
    web = deployment.start_web()
    assert requests.get(f"{deployment.url}/admin/login/", timeout=10).status_code == 200
    assert web.stop(at_most=10) == 0


def test_everything_starts_together_and_nothing_is_left_after_the_stop(deployment: Deployment) -> None:
    bin_folder = settings.BASE_DIR / ".venv" / "bin"
    honcho = deployment.start("honcho", str(bin_folder / "honcho"), "start", "--env", "")
    for port in (deployment.port, deployment.sandbox_port):
        deployment.wait_until(honcho, partial(processes.listens, port))
    deployment.wait_until(honcho, WorkerHeartbeat.objects.exclude(beat_at=None).exists)
    groups = {process.group for process in processes.descendants(honcho.pid)} - {honcho.pid}
    assert len(groups) == 4  # web, worker, sandbox, and the queue's processes
    honcho.stop(at_most=10)
    assert [processes.members(group) for group in groups] == [[]] * 4
