"""Settings of a console that has the System `deadly` beside its own."""

from pathlib import Path

from integrations import systems
from tests.settings import *  # noqa: F403 - all of them

MORE = str(Path(__file__).parent / "more_systems")
systems.__path__.append(MORE)
