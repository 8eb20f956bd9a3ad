"""The history of a service's settings: every change by people is written here, in the transaction of the change.

What changes by itself, such as health and circuit, is none of it. Secrets are told by fingerprint or reference alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.utils import timezone
from django.utils.text import capfirst

from integrations import systems
from integrations.models import Service, SettingsChange
from integrations.models.settings_change import UNSET, Line

OPTION, SECRET = "options.", "secrets."
NOT_SET_BY_PEOPLE = {"id", "options", "created_at", "updated_at", "events_paused_at", "events_paused_by"}
SHORT = 80  # characters of a value, where it stands in a line

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """One setting in words: what it is called, and two values."""

    label: str
    before: str
    after: str


@contextmanager
def watched(
    service: Service, by: User | None, how: SettingsChange.How, rolls_back: SettingsChange | None = None
) -> Iterator[None]:
    """Whatever is changed inside becomes one entry; where nothing is, or the service is only being added, there is none.

    One at a time may change a service: the second waits here.
    """
    with transaction.atomic():
        before = _locked(service)
        yield
        if before is None or not (lines := _lines(before, values_of(service), service)):
            return
        SettingsChange.objects.create(
            service=service, actor=by, how=how, rolls_back=rolls_back, fields=[line.as_json() for line in lines]
        )


def values_of(service: Service) -> dict[str, Any]:
    """Every setting by its name, as the database has it; what is left to its default is not there."""
    current = service.credentials.filter(superseded_at=None).order_by("field")
    secrets = {
        f"{SECRET}{row.field}": {"reference": row.reference} if row.reference else {"fingerprint": row.fingerprint}
        for row in current
    }
    return {**_settings(Service.objects.get(pk=service.pk)), **secrets}


def differences(before: Service, after: Service) -> list[Line]:
    """What would change, as both are in memory; secrets are not."""
    return _lines(_settings(before), _settings(after), after)


def columns() -> list[models.Field[Any, Any]]:
    """The columns of a service that people set."""
    return [field for field in Service._meta.concrete_fields if field.name not in NOT_SET_BY_PEOPLE]


def labels_of(service: Service) -> dict[str, str]:
    """Every setting that the service has now, and what the form calls it."""
    labels = {field.name: capfirst(str(field.verbose_name)) for field in columns()}
    if system := systems.all_systems().get(service.system):
        labels |= {f"{OPTION}{option.name}": option.label for option in system.options}
        labels |= {f"{SECRET}{secret.name}": secret.label for secret in system.secrets}
    return labels


def told(change: SettingsChange, at_most: int = SHORT) -> list[Told]:
    """What the entry changed, in words."""
    return in_lines(change.service.system, change.lines, at_most)


def in_lines(system: str, lines: Iterable[Line], at_most: int = SHORT) -> list[Told]:
    """Settings of a service of that System, from and to."""
    return [
        Told(
            line.label,
            in_words(system, line.field, line.before, at_most),
            in_words(system, line.field, line.after, at_most),
        )
        for line in lines
    ]


def in_words(system: str, field: str, value: Any, at_most: int = SHORT) -> str:
    """A value as the form of that System would show it, cut to so many characters."""
    if field.startswith(SECRET):
        return _secret(value)
    if value is UNSET:
        default = _defaults(system).get(field.removeprefix(OPTION))
        return "the default" if default in {None, ""} else f"the default ({_shown(system, field, default)})"
    text = _shown(system, field, value)
    return text if len(text) <= at_most else f"{text[:at_most]}… ({len(text):,} characters)"


def _locked(service: Service) -> dict[str, Any] | None:
    stored = Service.objects.select_for_update(no_key=True).filter(pk=service.pk).first()
    return values_of(stored) if stored else None


def _settings(service: Service) -> dict[str, Any]:
    own = {field.name: _plain(field.value_from_object(service)) for field in columns()}
    return {**own, **{f"{OPTION}{name}": value for name, value in service.options.items()}}


def _lines(before: Values, after: Values, service: Service) -> list[Line]:
    labels = labels_of(service)
    pairs = {name: (before.get(name, UNSET), after.get(name, UNSET)) for name in {**before, **after}}
    return [
        Line(name, labels.get(name, name.partition(".")[2] or name), *pair)
        for name, pair in pairs.items()
        if pair[0] != pair[1]
    ]


def _plain(value: Any) -> Any:
    """As JSON holds it, to the microsecond."""
    return value.isoformat() if isinstance(value, datetime) else value


def _secret(value: Any) -> str:
    if value is UNSET:
        return "not set"
    return f"read from {value['reference']}" if "reference" in value else f"fingerprint {value['fingerprint']}"


def _shown(system: str, field: str, value: Any) -> str:
    if value is None or value == "":
        return "empty"
    if isinstance(value, bool):
        return "on" if value else "off"
    if field == "bodies_until":
        return f"{timezone.localtime(datetime.fromisoformat(value)):%Y-%m-%d %H:%M}"
    text = str(value)
    return _choices(system, field).get(text, text)


def _choices(system: str, field: str) -> dict[str, str]:
    """Label by value, where one is chosen from several."""
    if field.startswith(OPTION):
        declared = systems.all_systems().get(system)
        found = [each for each in declared.options if f"{OPTION}{each.name}" == field] if declared else []
        return dict(found[0].choices) if found else {}
    return {str(value): str(label) for each in columns() if each.name == field for value, label in each.flatchoices}


def _defaults(system: str) -> Mapping[str, Any]:
    declared = systems.all_systems().get(system)
    return declared.defaults if declared else {}
