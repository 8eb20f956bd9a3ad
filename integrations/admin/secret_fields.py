"""The secrets of a service in its form: written and removed there, never shown. What is known of them is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldBooleanWidget

from integrations import credentials, formatting, systems
from integrations.admin.conditions import shown_when
from integrations.models import Credential, Service
from integrations.systems.base import SecretField, System

SECRET, OVERLAP, REMOVE = "secret__", "overlap__", "remove__"
HOURS = (("0", "not at all"), ("1", "1 hour"), ("24", "24 hours"), ("168", "7 days"))
USUAL = "24"


def hint() -> str:
    """What staff may write in place of a secret."""
    return (
        "Instead of a secret you may write env:NAME or "
        f"file:{settings.CREDENTIAL_FILES}/NAME: it is then read where the console runs and not stored here."
    )


def fields_of(service: Service, system: System) -> dict[str, forms.Field]:
    """For each secret one to write it, and where it is set one to remove it."""
    stored, fields = credentials.by_field(service), {}
    for secret in system.secrets:
        rows = stored.get(secret.name, [])
        fields[f"{SECRET}{secret.name}"] = _secret(secret, rows)
        if rows and secret.overlaps:
            fields[f"{OVERLAP}{secret.name}"] = _overlap(secret)
        if rows:
            fields[f"{REMOVE}{secret.name}"] = _remove(secret)
    return fields


def lines(names: Iterable[str]) -> list[Any]:
    """The fields as they stand in the form: what belongs to one secret on one line."""
    found: dict[str, list[str]] = {}
    for name in names:
        if name.startswith((SECRET, OVERLAP, REMOVE)):
            found.setdefault(name.partition("__")[2], []).append(name)
    return [tuple(line) for line in found.values()]


def objections(cleaned: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Field and sentence for each secret that cannot be stored as it was typed."""
    for name, value in _typed(cleaned):
        if reason := credentials.objection(value):
            yield f"{SECRET}{name}", reason
        if cleaned.get(f"{REMOVE}{name}"):
            yield f"{REMOVE}{name}", "Enter a new value or remove the old one, not both."


def save(service: Service, cleaned: Mapping[str, Any], by: User) -> None:
    """Store what was typed, remove what was ticked; what was left alone stays as it was."""
    for name, value in cleaned.items():
        if name.startswith(REMOVE) and value:
            credentials.remove(service, name.removeprefix(REMOVE))
    for name, value in _typed(cleaned):
        overlap = timedelta(hours=int(cleaned.get(f"{OVERLAP}{name}") or 0))
        credentials.store(service, name, value, by, keep_old_for=overlap)


def typed_or_removed(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """By name what would be stored, and an empty text for what would be removed."""
    removed = [name.removeprefix(REMOVE) for name, value in cleaned.items() if name.startswith(REMOVE) and value]
    return dict.fromkeys(removed, "") | dict(_typed(cleaned))


def overview(service: Service) -> SafeString:
    """What is known of every secret, for those who may not write them."""
    stored = credentials.by_field(service)
    declared = systems.get(service.system).secrets
    rows = ((secret.label, known(stored.get(secret.name, []))) for secret in declared)
    return format_html_join("", "<p>{}: {}</p>", rows)


def known(rows: list[Credential]) -> SafeString:
    """What may be said of a secret: never the value, always whether it can be read."""
    if not rows:
        return SafeString("Not set.")
    return format_html_join(" ", "{}", ((sentence,) for row in rows for sentence in _sentences(row)))


def _sentences(row: Credential) -> Iterator[SafeString]:
    if reason := row.objection():
        yield format_html("{} {}", formatting.badge("unreadable", "Cannot be read"), reason)
    if row.expires_at:
        yield format_html("The one before is valid too, until {}:", formatting.moment(row.expires_at))
    what = f"read from {row.reference}" if row.reference else f"fingerprint {row.fingerprint}"
    by = f" by {row.set_by}" if row.set_by else ""
    yield format_html("Set {}{}, {}.", formatting.ago(row.set_at), by, what)
    if row.last_used_at:
        yield format_html("Last used {} {}.", formatting.ago(row.last_used_at), row.get_last_used_for_display())
    else:
        yield SafeString("Not used yet.")


def _typed(cleaned: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(name.removeprefix(SECRET), value) for name, value in cleaned.items() if name.startswith(SECRET) and value]


def _secret(secret: SecretField, rows: list[Credential]) -> forms.Field:
    keep = "Leave empty to keep it." if rows else ""
    return forms.CharField(
        label=secret.label,
        help_text=format_html("{} {} {}", secret.help, known(rows), keep),
        required=False,
        # What is set is always shown, so that it can be removed.
        widget=UnfoldAdminPasswordWidget(
            attrs={"autocomplete": "new-password", **({} if rows else shown_when(secret.when))}
        ),
    )


def _overlap(secret: SecretField) -> forms.Field:
    return forms.ChoiceField(
        label=f"{secret.label}: the old one stays valid for",
        help_text="After you entered a new one. Change it at the other side within this time.",
        choices=HOURS,
        initial=USUAL,
        required=False,
        widget=UnfoldAdminSelectWidget(),
    )


def _remove(secret: SecretField) -> forms.Field:
    return forms.BooleanField(
        label=f"Remove the {secret.label.lower()}",
        help_text="What needs it stops working at once.",
        required=False,
        widget=UnfoldBooleanWidget(),
    )
