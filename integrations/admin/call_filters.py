"""Filters of the call log. Each says how it is answered where there are many millions of calls."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeNumericFilter

from integrations import formatting
from integrations.models import Call
from integrations.models.call import SENT, SLOW_MS
from integrations.transport.codes import Outcome

FAILED = ~Q(outcome=Outcome.OK)
STATUSES: dict[str, tuple[str, Q]] = {
    # Nearly every call, too. Index: call_newest
    "sent": ("Sent to the service", SENT),
    "failed": ("Failed, whatever the status", FAILED & SENT),
    # Nearly every call: the newest are found at once. Index: call_newest
    "2xx": ("2xx: succeeded", Q(status__range=(200, 299))),
    # Rare, and neither always good nor always bad: for long ago, name a range of time too. Index: call_newest
    "3xx": ("3xx: redirected, not modified", Q(status__range=(300, 399))),
    # No failure is OK, which leads the database to the few that failed. Index: call_failed
    "4xx": ("4xx: refused", FAILED & Q(status__range=(400, 499))),
    "5xx": ("5xx: server error", FAILED & Q(status__range=(500, 599))),
    "none": ("None: no answer came", FAILED & Q(status=None)),
}
SLOWER = (100, SLOW_MS, 5000, 20_000)


class OutcomeFilter(ChoicesDropdownFilter):
    """By class or code of what came of it. Indexes: call_by_outcome, call_by_code, for all but “OK”: nearly every call."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Those; the condition more is that of the index."""
        found: QuerySet[Call] = super().queryset(request, queryset)
        return found if self.value() in {None, "", Outcome.OK} else found.filter(FAILED)


class TriggerFilter(ChoicesDropdownFilter):
    """By what asked. Index: call_by_trigger, for all but syncs, which make nearly every call."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Those; the condition more is that of the index."""
        found: QuerySet[Call] = super().queryset(request, queryset)
        bulk = Call.Trigger.SYNC
        return found if self.value() in {None, "", bulk} else found.exclude(trigger=bulk)


class StatusFilter(DropdownFilter):
    """By class of the HTTP status."""

    title = "status"
    parameter_name = "status_class"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """The classes."""
        return [(name, label) for name, (label, _condition) in STATUSES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:  # noqa: ARG002 - as above
        """Those of the class."""
        if not (value := self.value()):
            return queryset
        if value not in STATUSES:
            raise IncorrectLookupParameters
        return queryset.filter(STATUSES[value][1])


class DurationFilter(DropdownFilter):
    """Slower than. Index: call_slow, from 1 s on; of calls slower than less there are some among the newest."""

    title = "duration"
    parameter_name = "slower"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:  # noqa: ARG002 - Django's signature
        """The bounds."""
        return [(str(ms), f"Longer than {formatting.milliseconds(ms)}") for ms in SLOWER]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:  # noqa: ARG002 - as above
        """Those that took at least as long; the condition more is that of the index."""
        if not (value := self.value()):
            return queryset
        if value not in map(str, SLOWER):
            raise IncorrectLookupParameters
        least = float(value)
        return queryset.filter(Q(duration_ms__gte=least) & Q(duration_ms__gte=min(least, SLOW_MS)))


class TookFilter(RangeNumericFilter):
    """From so many milliseconds to so many. Index: call_slow, from 1 s on; more is as said above."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Those; the condition more is that of the index."""
        found: QuerySet[Call] | None = super().queryset(request, queryset)
        if found is None:
            raise IncorrectLookupParameters
        least = self.used_parameters.get("duration_ms_from")
        return found.filter(duration_ms__gte=SLOW_MS) if least and float(least) >= SLOW_MS else found
