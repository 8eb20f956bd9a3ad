"""Runs one command so that nothing of it outlives the supervisor, however the supervisor dies.

Started as the leader of a session of its own, with the read end of a pipe as its standard input. The
supervisor alone has the write end, and the system closes that even after a kill -9. Imports no Django:
it must start at once and cost nothing.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def _kill_all() -> None:
    """Kill the group, this process with it: SIGKILL, because django-q2 hangs when a whole group gets SIGTERM."""
    os.killpg(0, signal.SIGKILL)


def _watch_supervisor() -> None:
    sys.stdin.buffer.read()  # nothing is ever sent; it ends when the supervisor does
    _kill_all()


def main() -> None:
    """Run the command in this group; when it ends for any reason, nothing of the group is left."""
    child = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL)  # noqa: S603 - the supervisor's own command line
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    threading.Thread(target=_watch_supervisor, daemon=True).start()
    child.wait()
    _kill_all()


if __name__ == "__main__":
    main()
