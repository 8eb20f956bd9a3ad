"""Who may do what."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.core.management import call_command

from integrations.roles import MANAGER, OPERATOR, VIEWER

ACTS = {
    "sync_service",
    "sync_everything_stream",
    "switch_circuit",
    "purge_cache",
    "repeat_call",
    "check_service",
    "retry_syncrun",
    "cancel_syncrun",
    "decide_syncrun",
    "decide_recorderror",
    "pause_stream",
    "apply_syncrun",
    "backfill_stream",
    "replay_webhookevent",
    "pause_events_service",
    "accept_refuseddelivery",
    "send_sample_service",
    "add_mediaattachment",
    "change_mediaattachment",
    "validate_mediaattachment",
    "download_mediaattachment",
    "replace_mediaattachment",
    "quarantine_mediaattachment",
    "change_incident",
    "publish_essay",
    "geocode_property",
    "export_essay",
    "export_property",
    "export_record",
    "export_call",
    "export_healthcheck",
    "export_stream",
    "export_syncrun",
    "export_webhookevent",
    "cancel_export",
}
CONFIGURES = {
    "add_service",
    "change_service",
    "rollback_service",
    "test_service",
    "replay_all_webhookevent",
    "change_stream",
    "forget_position_stream",
    "set_position_stream",
    "export_service",
    "import_service",
    "release_mediaattachment",
    "delete_mediaattachment",
}
MAY = {VIEWER: set[str](), OPERATOR: ACTS, MANAGER: ACTS | CONFIGURES}

pytestmark = pytest.mark.django_db


def of_group(name: str) -> set[str]:
    found = Permission.objects.filter(group__name=name).values_list("content_type__app_label", "codename")
    assert {app for app, _ in found} == {"integrations"}
    return {codename for _, codename in found}


def may_be_seen() -> set[str]:
    ours = Permission.objects.filter(content_type__app_label="integrations", codename__startswith="view_")
    return set(ours.values_list("codename", flat=True))


@pytest.mark.parametrize("role", MAY)
def test_a_role_holds_exactly_its_permissions(role: str) -> None:
    assert of_group(role) == may_be_seen() | MAY[role]


@pytest.mark.parametrize("role", MAY)
def test_a_migration_puts_a_changed_role_right(role: str) -> None:
    group = Group.objects.get(name=role)
    group.permissions.set(Permission.objects.filter(codename__startswith="delete_"))
    call_command("migrate", verbosity=0)
    assert of_group(role) == may_be_seen() | MAY[role]


def test_a_group_of_somebody_else_is_left_alone() -> None:
    own = Group.objects.create(name="Auditors")
    own.permissions.set(Permission.objects.filter(codename="view_call"))
    call_command("migrate", verbosity=0)
    assert own.permissions.count() == 1


@pytest.mark.parametrize("role", MAY)
def test_no_role_reaches_people_the_queue_or_the_evidence(role: str) -> None:
    for what in ("call", "syncrun", "webhookevent", "change", "attempt", "credential", "settingschange"):
        assert not of_group(role) & {f"add_{what}", f"change_{what}", f"delete_{what}"}


def test_somebody_in_no_role_may_nothing(stranger: User) -> None:
    assert stranger.get_all_permissions() == set()


def test_people_have_what_their_role_has(viewer: User, operator: User, manager: User) -> None:
    assert not viewer.has_perm("integrations.sync_service")
    assert operator.has_perm("integrations.sync_service")
    assert not operator.has_perm("integrations.change_service")
    assert manager.has_perm("integrations.change_service")
