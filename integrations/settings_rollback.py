"""Takes a change of a service's settings back: what it would set, what it cannot, and the setting itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User

from integrations import credentials, references, settings_check, settings_history, systems
from integrations.credentials import CredentialUnavailable
from integrations.models import Credential, Service, SettingsChange
from integrations.models.settings_change import UNSET, Line
from integrations.settings_history import OPTION, SECRET
from integrations.webhooks import trust

LOST = "Only its fingerprint was kept. Enter the old value again in the service's form."
GONE = "Its system has no such setting any more."


class Refused(Exception):
    """It cannot be rolled back; the sentence says why and what to do."""


@dataclass(frozen=True)
class Step:
    """What becomes of one setting.

    Attributes:
        now: its value at this moment.
        objection: why it stays as it is, in a sentence; empty where it can be set.
    """

    line: Line
    now: Any
    objection: str

    @property
    def is_needed(self) -> bool:
        """Whether it is not already as it was."""
        return bool(self.now != self.line.before)

    @property
    def was_changed_since(self) -> bool:
        """Whether somebody changed it again after the entry."""
        return self.is_needed and self.now != self.line.after


def plan(change: SettingsChange) -> list[Step]:
    """Each setting of the entry, with what it is now."""
    values = settings_history.values_of(change.service)
    return [Step(line, values.get(line.field, UNSET), _objection(change.service, line)) for line in change.lines]


def newest_of(service: Service) -> int | None:
    """The entry that a plan made now takes into account last."""
    return service.settings_changes.values_list("pk", flat=True).first()


def apply(change: SettingsChange, by: User | None, how: SettingsChange.How, seen: int | None = None) -> SettingsChange:
    """Set back what can be, checked as the form checks it; the entry that says so.

    Args:
        seen: the newest entry when somebody looked at the plan.

    Raises:
        Refused: there is nothing to set, it is no longer allowed, or somebody changed the service since it was looked at.
    """
    with settings_history.watched(change.service, by, how, rolls_back=change):
        _check_unchanged(change.service, seen)
        steps = [step for step in plan(change) if step.is_needed]
        if not (possible := [step.line for step in steps if not step.objection]):
            raise Refused(_nothing(steps))
        for line in possible:
            if line.field == f"{OPTION}{trust.SCHEME}" and (reason := trust.objection(by, line.after, line.before)):
                raise Refused(reason)
        if change.service.system not in systems.all_systems():
            raise Refused(f"The system of {change.service} is gone, so that nobody can say what may be set.")
        service = Service.objects.get(pk=change.service_id)
        _set_columns(service, possible)
        _set_secrets(service, possible, by)
    return service.settings_changes.select_related("service").latest("pk")


def _check_unchanged(service: Service, seen: int | None) -> None:
    newest = service.settings_changes.first()
    if seen is not None and newest and newest.pk != seen:
        raise Refused(f"{service} was changed meanwhile by {newest.who}. Look at its history, then roll back again.")


def _nothing(steps: list[Step]) -> str:
    if not steps:
        return "Everything is already as it was before this change."
    return " ".join(f"{step.line.label}: {step.objection}" for step in steps)


def _objection(service: Service, line: Line) -> str:
    """Why it cannot be set back, in a sentence; empty where it can."""
    if line.field not in settings_history.labels_of(service):
        return GONE
    return _objection_to_secret(service, line) if line.field.startswith(SECRET) else ""


def _objection_to_secret(service: Service, line: Line) -> str:
    if line.before is UNSET:
        return ""
    if reference := line.before.get("reference"):
        return references.objection(reference)
    return "" if _kept(service, line) else LOST


def _kept(service: Service, line: Line) -> Credential | None:
    """The old secret itself, while it is valid beside the new one."""
    rows = credentials.active(service, line.field.removeprefix(SECRET))
    found = (row for row in rows if row.superseded_at and row.fingerprint == line.before["fingerprint"])
    return next(found, None)


def _set_columns(service: Service, lines: list[Line]) -> None:
    columns = {field.name: field for field in settings_history.columns()}
    for line in lines:
        if line.field.startswith(OPTION):
            _set_option(service, line)
        elif line.field in columns:
            setattr(service, line.field, columns[line.field].to_python(line.before))
    if sentences := list(settings_check.complaints(service)):
        raise Refused(f"What was set before is not allowed any more. {' '.join(sentences)}")
    service.save()


def _set_option(service: Service, line: Line) -> None:
    name = line.field.removeprefix(OPTION)
    if line.before is UNSET:
        service.options.pop(name, None)
    else:
        service.options[name] = line.before


def _set_secrets(service: Service, lines: list[Line], by: User | None) -> None:
    try:
        for line in lines:
            if line.field.startswith(SECRET):
                _set_secret(service, line, by)
    except CredentialUnavailable as reason:
        raise Refused(str(reason)) from reason


def _set_secret(service: Service, line: Line, by: User | None) -> None:
    name = line.field.removeprefix(SECRET)
    if line.before is UNSET:
        credentials.remove(service, name)
    elif "reference" in line.before:
        credentials.store(service, name, line.before["reference"], by)
    elif kept := _kept(service, line):
        credentials.reinstate(kept, by)
