"""Previews asked of a service, as the tests of link previews do."""

from __future__ import annotations

from typing import Any

import pytest

from integrations.models import Service
from integrations.systems.opengraph.metadata import Metadata
from integrations.transport.errors import CallError
from tests.systems.contract import client_of
from tests.transport.server import Reply


def preview(service: Service, url: str, **options: Any) -> Metadata:
    """The preview of an address, with these options."""
    service.options = {**service.options, **options}
    with client_of(service) as client:
        found: Metadata = client.fetch_metadata(url)
        return found


def refusal(service: Service, url: str, **options: Any) -> CallError:
    with pytest.raises(CallError) as failure:
        preview(service, url, **options)
    return failure.value


def page(markup: str, **more: Any) -> Reply:
    return Reply(body=markup.encode(), content_type="text/html; charset=utf-8", **more)
