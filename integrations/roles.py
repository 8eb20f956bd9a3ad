"""Three roles, kept as groups: who may see, who may act, who may configure."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Q

VIEWER, OPERATOR, MANAGER = "Viewer", "Operator", "Manager"

VERBS = (
    "sync_service",
    "sync_everything_stream",
    "switch_circuit",
    "purge_cache",
    "repeat_call",
    "check_service",
    "retry_syncrun",
    "cancel_syncrun",
    "decide_syncrun",
    "apply_syncrun",
    "decide_recorderror",
    "pause_stream",
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
)
CONFIGURES = (
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
)


def ensure(**_: Any) -> None:
    """After every migration the groups hold exactly this; own mixtures belong into own groups."""
    ours = Permission.objects.filter(content_type__app_label="integrations")
    sees = Q(codename__startswith="view_")
    acts = sees | Q(codename__in=VERBS)
    configures = acts | Q(codename__in=CONFIGURES)
    for name, may in ((VIEWER, sees), (OPERATOR, acts), (MANAGER, configures)):
        group, _created = Group.objects.get_or_create(name=name)
        group.permissions.set(ours.filter(may))
