"""Calls as the recorder leaves them."""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone

from integrations.models import Call, Service


def recorded(service: Service, **more: Any) -> Call:
    """One that went well a moment ago."""
    usual: dict[str, Any] = {
        "operation": "list_articles",
        "method": "GET",
        "url": f"{service.base_url}/api/v2/pages/?limit=2",
        "status": 200,
        "outcome": "ok",
        "code": "ok",
        "started_at": timezone.now(),
        "duration_ms": 20.0,
        "trigger": Call.Trigger.SYNC,
        "correlation_id": uuid.uuid4(),
    }
    return Call.objects.create(service=service, **usual | more)
