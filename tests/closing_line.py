"""Ends every run of the tests with a line that says how many were skipped, and why."""

from __future__ import annotations

from collections import Counter

import pytest
from _pytest.terminal import TerminalReporter

CLOSING_LINE = pytest.StashKey[str]()


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    reasons = Counter(str(report.longrepr[2]) for report in terminalreporter.stats.get("skipped", []))
    listed = "; ".join(f"{count} because {reason.removeprefix('Skipped: ')}" for reason, count in reasons.items())
    config.stash[CLOSING_LINE] = f"{reasons.total()} skipped{': ' + listed if listed else ''}."


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    if line := config.stash.get(CLOSING_LINE, ""):
        print(line)
