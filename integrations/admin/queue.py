"""django-q2's own tables, to look at: whoever could add a schedule could run anything."""

from __future__ import annotations

from django.contrib import admin
from django_q.models import Failure, OrmQ, Schedule, Success
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.decorators import display

from integrations import formatting
from integrations.admin.base import LogAdmin

for model in (Failure, OrmQ, Schedule, Success):
    admin.site.unregister(model)


@admin.register(OrmQ)
class WaitingAdmin(LogAdmin):
    """Bells that no worker has heard yet."""

    list_display = ("id", "key", "locked")
    not_in_list = ("payload",)
    fields = ("id", "key", "locked")
    readonly_fields = ("locked",)
    empty_state = "The queue is empty: every bell has been heard."

    @display(description="fetched until", ordering="lock")
    def locked(self, obj: OrmQ) -> str:
        """A worker that fetched it has until then."""
        return formatting.moment(obj.lock)


@admin.register(Schedule)
class ScheduleAdmin(LogAdmin):
    """Exactly one: the tick."""

    list_display = ("name", "func", "next_run")
    fields = ("name", "func", "schedule_type", "minutes", "next_run")
    empty_state = "The tick is missing. Run manage.py migrate."


@admin.register(Failure)
class FailureAdmin(LogAdmin):
    """Tasks that ended in an error of the console itself."""

    list_display = ("func", "started", "stopped")
    not_in_list = ("args", "kwargs", "result")
    list_filter = (("started", RangeDateTimeFilter),)
    fields = ("func", "args", "started", "stopped", "result")
    empty_state = "No task has failed."
