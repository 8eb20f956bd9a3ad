"""The stream of a list in memory, as the tests of its sync have it."""

from tests.sync.conftest import page_by_page, source, things

__all__ = ["page_by_page", "source", "things"]
