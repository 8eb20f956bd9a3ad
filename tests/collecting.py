"""Garbage is looked for seldom: what collecting the tests leaves lives until the end of the session anyway.

Every full look would otherwise walk through the modules of Django and all tests, a sixth of the session's time.
"""

from __future__ import annotations

import gc

gc.disable()  # while modules are read nothing becomes garbage


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()
