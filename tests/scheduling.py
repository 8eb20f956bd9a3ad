"""Which process tests what, and in which order."""

from __future__ import annotations

from collections import Counter

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

BROWSER = "tests/browser"
LONGEST = {"test_canary.py", "test_engine_passes.py", "test_matrix.py"}
FLOWS = "flows"  # whole consoles, which are waited for


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # xdist has no types
    """A file stays in one process, and the browser's files together: they share a console."""

    def _split_scope(self, nodeid: str) -> str:
        return file_or_browser(nodeid)


def file_or_browser(nodeid: str) -> str:
    return BROWSER if nodeid.startswith(f"{BROWSER}/") else nodeid.partition("::")[0]


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    config.option.loadscopereorder = False
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest begin, so that at the end no process has nothing left to do."""
    sizes = Counter(file_or_browser(item.nodeid) for item in items)

    def place(item: pytest.Item) -> tuple[bool, int]:
        group = file_or_browser(item.nodeid)
        is_long = group == BROWSER or item.path.parent.name == FLOWS or item.path.name in LONGEST
        return not is_long, -sizes[group]

    items.sort(key=place)
