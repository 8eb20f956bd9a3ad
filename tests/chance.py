"""How often chance is tried: a few times at each change, and many in the slow suite."""

from __future__ import annotations

import pytest


def examples(few: int, many: int) -> pytest.MarkDecorator:
    """Gives a test its number of `examples`; what it has found before is an example of its own and always tried."""
    return pytest.mark.parametrize("examples", [few, pytest.param(many, marks=pytest.mark.slow)])
