"""The part of a service's form that is the same for every System: limits of calls, and whose bodies are kept."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from unfold.widgets import UnfoldAdminSelectWidget

from integrations import formatting, systems

KEEP_ALL = "keep_all"
STOP = "0"
SPANS = (("15", "For 15 minutes"), ("60", "For 1 hour"), ("480", "For 8 hours"))


class LimitsForm(forms.ModelForm):  # type: ignore[type-arg]  # not generic at run time
    """An empty limit is the System's, which the form says; “keep all bodies” is chosen as a span and stored as its end."""

    keep_all = forms.ChoiceField(
        label="Keep all bodies",
        required=False,
        widget=UnfoldAdminSelectWidget(),
        help_text="For a while, to look into a problem; whatever “keep bodies” says.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._say_defaults()
        self._offer_spans(self.fields[KEEP_ALL])

    def _say_defaults(self) -> None:
        system = systems.all_systems().get(self.instance.system)
        label, limits = (system.label, asdict(system.limits)) if system else ("", {})
        for name, value in limits.items():
            if name in self.fields:
                self.fields[name].widget.attrs["placeholder"] = f"{value:,}" if value else "no limit"
                self.fields[name].help_text = f"Empty: {value:,}, which is what {label} allows." if value else ""

    def _offer_spans(self, field: Any) -> None:
        until = self.instance.bodies_until
        going_on = until is not None and until > timezone.now()
        now = (
            ("", f"Until {timezone.localtime(until):%d %b %H:%M} ({formatting.ago(until)})") if going_on else ("", "No")
        )
        field.choices = [now, *SPANS, *([(STOP, "No, stop now")] if going_on else [])]

    def clean(self) -> dict[str, Any] | None:
        """A span begins now."""
        cleaned = super().clean() or self.cleaned_data
        if minutes := cleaned.get(KEEP_ALL):
            self.instance.bodies_until = None if minutes == STOP else timezone.now() + timedelta(minutes=int(minutes))
        return cleaned
