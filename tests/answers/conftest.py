"""What the tests of kept answers share."""

from __future__ import annotations

import pytest

from integrations.models import Service
from tests.transport.server import ScriptedServer


@pytest.fixture
def service(cms: Service, remote: ScriptedServer) -> Service:
    """A service that calls the scripted remote, and tries once."""
    cms.base_url, cms.max_attempts, cms.deadline_s = remote.url, 1, 0.5
    cms.save()
    return cms
