"""Keeps the queue's processes alive and starts what is due, second by second.

django-q2 does not survive the death of its parts: an idle worker that is killed can stop the whole
cluster for good while it looks alive, and a killed main process leaves children that go on. So the
processes run in a group of their own, the group is replaced when no task gives a sign of life, and
what was lost on the way is in our own tables.
"""

from __future__ import annotations

import logging
import signal
import time
from datetime import datetime
from typing import Any

from django import db
from django.conf import settings

from integrations import credentials, due, heartbeat, leases, queue
from integrations.checks import MARGIN_S
from integrations.cluster import Cluster

logger = logging.getLogger(__name__)

Q_CLUSTER: dict[str, Any] = settings.Q_CLUSTER
LOOK_EVERY_S = 1.0
# Every attempt over the network is bounded by 30 s and gives a sign of life, and an idle queue is asked
# for one after 15 s; so a silence of this length means that nothing runs any more.
STALE_S = 60.0
# With its monitor killed django-q2 goes on working but ticks nothing off, and the queue only grows. By
# the system check E003 no task that was fetched needs this long.
STUCK_S = float(Q_CLUSTER["retry"] - MARGIN_S)
GRACE_S = 40.0  # a slice of a sync takes 30 s at most
STEADY_S = 10.0  # whoever lived this long did not die of its start
LONGEST_PAUSE_S = 30.0


class Unchanged:
    """For how long something has been the same: by our own clock, since workers may run where clocks differ."""

    def __init__(self) -> None:
        self._value: object = None
        self._since = time.monotonic()

    def start_over(self) -> None:
        """Count from now."""
        self._since = time.monotonic()

    def seconds(self, value: object) -> float:
        """Since it was last another value."""
        if value != self._value:
            self._value = value
            self.start_over()
        return time.monotonic() - self._since


class Supervisor:
    """One per machine. Several at once do no harm: whatever they write is written conditionally."""

    def __init__(self) -> None:
        self._signals = 0
        self._cluster: Cluster | None = None
        self._is_noted = True  # the running cluster is in the database
        self._starts = 0
        self._has_looked = False
        self._pause_s = 0.0
        self._start_at = 0.0
        self._silence, self._stuck = Unchanged(), Unchanged()
        self._trouble = ""

    def run(self) -> None:
        """Until SIGTERM or SIGINT; then running tasks may finish, and a second signal ends them."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._count_signal)
        logger.info("The worker %s starts with %s processes for tasks.", leases.owner(), Q_CLUSTER["workers"])
        try:
            while not self._signals:
                self._keep_running()
                self._look()
                time.sleep(LOOK_EVERY_S)
            self._stop()
        finally:
            if self._cluster:
                self._cluster.kill()
        logger.info("The worker has stopped.")

    def _count_signal(self, *_: object) -> None:
        self._signals += 1

    def _keep_running(self) -> None:
        if self._cluster and not self._cluster.lives():
            self._replace(f"They ended by themselves after {self._cluster.age_s():.0f} s.")
        if not self._cluster and time.monotonic() >= self._start_at:
            self._cluster = Cluster()
            self._starts += 1
            self._is_noted = False
            self._silence.start_over()
            self._stuck.start_over()

    def _replace(self, reason: str) -> None:
        """Kill what is left; the next round starts anew, later and later if none lives long."""
        assert self._cluster
        self._cluster.kill()
        steady = self._cluster.age_s() > STEADY_S
        self._pause_s = 0.0 if steady else min(max(1.0, 2 * self._pause_s), LONGEST_PAUSE_S)
        self._start_at = time.monotonic() + self._pause_s
        self._cluster = None
        when = f"in {self._pause_s:.0f} s" if self._pause_s else "now"
        logger.warning("The processes of the queue are started again %s. %s", when, reason)

    def _look(self) -> None:
        """Whether workers live, and what is due. Trouble is said when it begins and when it ends."""
        try:
            db.close_old_connections()
            self._listen()
            due.start()
            self._look_at_secrets()
        except db.Error as error:
            self._say_once(f"The database cannot be used, the worker tries again every second: {error}")
        except Exception as error:  # noqa: BLE001 - a mistake in one row's schedule must not end the supervision of all
            self._say_once(f"What is due cannot be started, tell the programmers: {error!r}", with_traceback=True)
        else:
            if self._trouble:
                logger.info("The worker's trouble is over; what is due is started again.")
            self._trouble = ""

    def _look_at_secrets(self) -> None:
        """Once, as soon as there is a database: say which services lack theirs."""
        if not self._has_looked:
            for line in credentials.report_unreadable():
                logger.error(line)
            self._has_looked = True

    def _say_once(self, trouble: str, with_traceback: bool = False) -> None:
        if not self._trouble:
            logger.error(trouble.strip().replace("\n", " "), exc_info=with_traceback)
        self._trouble = trouble

    def _listen(self) -> None:
        """Replace the processes of the queue if they show no sign of life, or only half of one."""
        if not self._cluster:
            return
        try:
            silent_s = self._silence.seconds(self._ask())
            oldest = queue.oldest_fetched()
        except db.Error:
            self._silence.start_over()  # a heartbeat that cannot be read is no silence
            raise
        if silent_s > STALE_S:
            self._replace(f"No task gave a sign of life for {silent_s:.0f} s.")
        elif oldest and (stuck_s := self._stuck.seconds(oldest)) > STUCK_S:
            self._replace(f"A task was taken from the queue {stuck_s:.0f} s ago and is still not ticked off.")

    def _ask(self) -> datetime | None:
        if not self._is_noted:
            heartbeat.note_start(restart=self._starts > 1)
            queue.free_fetched()
            self._is_noted = True
        heartbeat.ask_if_silent()
        return heartbeat.last()

    def _stop(self) -> None:
        logger.info("The worker stops. Running tasks have %.0f s to finish; a second signal ends them now.", GRACE_S)
        if self._cluster:
            self._cluster.ask_to_stop()
        end = time.monotonic() + GRACE_S
        while self._cluster and self._cluster.lives() and self._signals == 1 and time.monotonic() < end:
            time.sleep(0.1)
