"""Fields of a service that count with some choices alone: the form shows them with these."""

from __future__ import annotations

import json

from integrations.systems.base import When

OPTION = "option__"  # what the name of an option's field begins with


def shown_when(when: When) -> dict[str, str]:
    """Attributes of a widget that choices.js understands; none for what always counts."""
    choices = {f"{OPTION}{name}": values for name, values in when.items()}
    return {"data-when": json.dumps(choices)} if choices else {}
