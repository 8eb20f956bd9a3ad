"""What a file would make of the services: new ones, changed settings, and what it may not; then exactly that.

A service is known by its slug. Secrets are never imported. A column that is not there leaves its setting alone.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, CharField, Field, TextField

from integrations import settings_check, settings_history, systems
from integrations.importing.plans import Plan, Step
from integrations.models import Service, SettingsChange
from integrations.option_fields import field_of
from integrations.webhooks import trust

KEY = "slug"
NOT_IMPORTED = ("id", "created_at", "updated_at", "events_paused_at", "events_paused_by")
Row = Mapping[str, Any]


class Refused(Exception):
    """The file makes no sense for services; says why and what to do."""


class Changed(Exception):
    """What would be done is not any more what was shown."""


def kept(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows without what is not imported.

    Raises:
        Refused: a column is missing, or no setting of a service.
    """
    known = set(_columns())
    for row in rows:
        if unknown := sorted(set(row) - known - set(NOT_IMPORTED)):
            shown = ", ".join(f"“{name[:50]}”" for name in unknown[:5])
            raise Refused(
                f"No setting of a service is called {shown}. There are: {', '.join(_columns())}. Secrets are never "
                "imported: enter them in the form of the service."
            )
    if not any(KEY in row for row in rows):
        raise Refused(f"There is no column “{KEY}”, which says which service a row means.")
    return [{name: value for name, value in row.items() if name in known} for row in rows]


def plan(rows: Sequence[Row], by: User | None) -> Plan:
    """What this person would do by these rows, in the words of the database as it is now."""
    slugs = [str(row.get(KEY) or "") for row in rows]
    there = {service.slug: service for service in Service.objects.filter(slug__in=slugs)}
    seen: set[str] = set()
    steps = []
    for number, (slug, row) in enumerate(zip(slugs, rows, strict=True), 1):
        twice = [f"Another row is of “{slug}” too. Keep one of them."] if slug in seen else []
        steps.append(_step(number, there.get(slug), row, by, twice))
        seen.add(slug)
    return Plan(steps)


def apply(rows: Sequence[Row], by: User | None, how: SettingsChange.How, shown: str) -> Plan:
    """Do what was shown, all of it or nothing.

    Args:
        shown: the fingerprint of the plan that somebody has seen.

    Raises:
        Changed: it would be something else by now.
    """
    try:
        with transaction.atomic():
            # In the order of the key, so that two imports at once do not wait for each other.
            list(Service.objects.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
            found = plan(rows, by)
            if found.fingerprint != shown or not found.verb:
                raise Changed
            for step in found.steps:
                _write(step, by, how)
    except IntegrityError:  # another one has just added a service of that slug
        raise Changed from None
    return found


def _write(step: Step, by: User | None, how: SettingsChange.How) -> None:
    if step.kind != "unchanged":
        with settings_history.watched(step.service, by, how):
            step.service.save()


def _columns() -> dict[str, Field[Any, Any]]:
    columns = {each.name: each for each in settings_history.columns()}
    return {KEY: columns.pop(KEY), **columns, "options": Service._meta.get_field("options")}


def _step(number: int, there: Service | None, row: Row, by: User | None, objections: list[str]) -> Step:
    service = copy.deepcopy(there) if there else Service()
    objections += _set(service, row)
    if service.system not in systems.all_systems():
        objections.append(f"System: there is none called “{service.system}”. {_known_systems()}")
        return Step(number, service, there is None, objections=objections)
    if there and there.system != service.system:
        objections.append("System: it is chosen once, when a service is added. Leave it as it is.")
    objections += _settle_options(service, there)
    objections += settings_check.complaints(service, is_slug_known=True) if not objections else ()
    scheme = [(each.options if each else {}).get(trust.SCHEME) for each in (there, service)]
    if reason := trust.objection(by, *scheme):
        objections.append(reason)
    lines = [] if objections else settings_history.differences(there or Service(system=""), service)
    return Step(number, service, there is None, lines, objections)


def _known_systems() -> str:
    return f"There are: {', '.join(sorted(systems.all_systems()))}."


def _set(service: Service, row: Row) -> Iterator[str]:
    for name, column in _columns().items():
        if name in row:
            try:
                setattr(service, name, _value(column, row[name]))
            except ValidationError as error:
                yield f"{str(column.verbose_name).capitalize()}: {' '.join(error.messages)}"


def _value(column: Field[Any, Any], cell: Any) -> Any:
    """What a cell means for a column; an empty one is nothing.

    Raises:
        ValidationError: it means nothing.
    """
    if column.name == "options":
        return _object(cell)
    if isinstance(column, CharField | TextField):
        if isinstance(cell, dict | list | bool):
            raise ValidationError("Write a text.")
        return "" if cell is None else str(cell)
    if isinstance(cell, dict | list) or (isinstance(cell, bool) and not isinstance(column, BooleanField)):
        raise ValidationError("Write one value, not a list of them.")
    if cell in {None, ""}:
        return None
    value = column.to_python(cell)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValidationError("Write a number that ends.")
    return value


def _object(cell: Any) -> dict[str, Any]:
    """Options, which stand as JSON in one cell of a table."""
    if cell in ({}, None, ""):
        return {}
    try:
        found = json.loads(cell) if isinstance(cell, str) else cell
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValidationError("Write a JSON object, as an export does.")
    return found


def _settle_options(service: Service, there: Service | None) -> Iterator[str]:
    """As the form stores them: of the right type, and what equals the default is left out."""
    declared = {option.name: option for option in systems.get(service.system).options}
    known = {**declared, **(there.options if there else {})}
    if unknown := sorted(set(service.options) - set(known)):
        names = ", ".join(declared) or "none"
        yield f"Options: there is none called “{unknown[0][:50]}”. {service.system} has: {names}."
        return
    for name, option in declared.items():
        if name in service.options:
            try:
                value = field_of(option).clean(service.options[name])
            except ValidationError:
                continue  # said with the rest
            if value == option.default or {value, option.default} <= {None, ""}:
                del service.options[name]
            else:
                service.options[name] = value
