"""The queue's processes as one group that can be asked to stop and can be killed whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from django.conf import settings

from integrations import guard

DYING_S = 2.0  # the killed are gone within milliseconds, unless nobody in the container collects them


class Cluster:
    """A running `manage.py qcluster` under its guard.

    Killing the group is the only sure end: django-q2's children live on when their main process or
    their sentinel is killed, and go on taking tasks.
    """

    def __init__(self) -> None:
        """Start it."""
        self._began = time.monotonic()
        qcluster = [sys.executable, str(settings.BASE_DIR / "manage.py"), "qcluster"]
        # -P: beside the guard is a queue.py, which must not stand in for Python's own.
        self._guard = subprocess.Popen(  # noqa: S603 - nothing of it comes from outside
            [sys.executable, "-P", guard.__file__, *qcluster], stdin=subprocess.PIPE, start_new_session=True
        )

    def lives(self) -> bool:
        """Whether the guard is there, and with it the main process."""
        return self._guard.poll() is None

    def age_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def ask_to_stop(self) -> None:
        """The guard hands this to the main process alone; a signal to the whole group would make it hang."""
        self._guard.terminate()

    def kill(self) -> None:
        """End every process of the group, also when the guard is gone already; returns when none is left."""
        self._kill_group()
        self._guard.communicate()
        end = time.monotonic() + DYING_S
        while self._kill_group() and time.monotonic() < end:
            time.sleep(0.05)

    def _kill_group(self) -> bool:
        """False where nobody is left to be killed."""
        try:
            os.killpg(self._guard.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):  # macOS says "not permitted" of a group of the dead
            return False
        return True
