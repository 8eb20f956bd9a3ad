"""What the form of a service would say of its settings, for those that are set elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.exceptions import ValidationError
from django.utils.text import capfirst

from integrations import systems
from integrations.models import Service
from integrations.option_fields import field_of


def complaints(service: Service, *, is_slug_known: bool = False) -> Iterator[str]:
    """Sentences that name the setting.

    Args:
        is_slug_known: nobody else has the slug, so that the database need not be asked.
    """
    for option in systems.get(service.system).options:
        try:
            field_of(option).clean(service.options.get(option.name, option.default))
        except ValidationError as error:
            yield f"{option.label}: {' '.join(error.messages)}"
    try:
        service.full_clean(validate_unique=not is_slug_known, validate_constraints=not is_slug_known)
    except ValidationError as error:
        for name, messages in error.message_dict.items():
            yield f"{capfirst(name.replace('_', ' '))}: {' '.join(messages)}"
