"""What differs, in words for people: between a row and what would be written, and of an item that is only looked at."""

from __future__ import annotations

import json
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from integrations.models import SyncedModel
from integrations.sync.columns import Unfit, fitted, found
from integrations.systems.base import BadItem, Gone, Item

DIFF_CHARS = 2000


def diff_of(before: SyncedModel | None, after: SyncedModel) -> dict[str, list[str]]:
    """Field: [before, after], for people; of a new row, what it would hold."""
    # The values are compared and not what is shown of them, which is cut and knows the time zone.
    pairs = {name: (getattr(before, name, None), getattr(after, name)) for name in after.synced_fields}
    return {name: [_shown(old), _shown(new)] for name, (old, new) in pairs.items() if old != new}


def _shown(value: object) -> str:
    text = _text(value)
    return text if len(text) <= DIFF_CHARS else f"{text[:DIFF_CHARS]}… ({len(text):,} characters)"


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, str | datetime | Decimal):
        return str(value)
    return json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False)


def preview(model: type[SyncedModel], item: Item | BadItem | Gone) -> dict[str, Any]:
    """What would become of an item, for people: its `fields` as pairs of texts, or the `field` and the `reason` why not.

    Pairs and no mapping, since a database may store the names of a mapping in an order of its own.
    """
    if isinstance(item, Gone):
        return {"id": item.external_id, "gone": True}
    if isinstance(item, BadItem):
        return {"id": item.external_id, "field": item.field, "reason": item.reason}
    try:
        values = fitted(model, found(model, item)).values
    except Unfit as error:
        return {"id": item.external_id, "field": error.field, "reason": str(error)}
    return {"id": item.external_id, "fields": [[name, _text(values[name])] for name in model.synced_fields]}
