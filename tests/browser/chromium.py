"""The system's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest
from django.db import connections
from playwright.sync_api import Browser, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 10_000


def find() -> str:
    """Where it is. Without one the tests are skipped, in CI they fail."""
    found = next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        assert not os.environ.get("CI"), f"CI must have one of {', '.join(NAMES)}"
        pytest.skip(f"none of {', '.join(NAMES)} is on this machine")
    return found


@contextmanager
def launched(executable: str) -> Iterator[Browser]:
    """Chromium itself. Inside, Django's ORM may be used beside it."""
    # Playwright runs an event loop in this thread, and Django would refuse the ORM for that.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        # Beside a loop Django keeps other connections than without: one of an earlier console may still be there.
        with suppress(AttributeError):
            del connections["default"]
        expect.set_options(timeout=PATIENCE_MS)
        with playwright.chromium.launch(executable_path=executable, args=FLAGS) as browser:
            yield browser
