"""A text field of a service beside which staff can look up what may stand in it."""

from __future__ import annotations

import json
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import UnfoldAdminTextInputWidget

from integrations.models import Trial

KIND, SUBJECT = "trial_kind", "trial_subject"  # what a button of a form asks to be tried


class LookupWidget(UnfoldAdminTextInputWidget):
    """The usual text field with a button; see `Option.suggest`.

    Attributes:
        is_offered: whether this person may look up.
    """

    is_offered = True

    def __init__(self, subject: str) -> None:
        super().__init__()
        self.subject = subject

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Field, button, and the place for what is found."""
        field: SafeString = super().render(name, value, attrs, renderer)
        if not self.is_offered:
            return field
        asks = json.dumps({KIND: Trial.Kind.LOOKUP, SUBJECT: self.subject})
        return render_to_string(
            "admin/integrations/service/lookup.html", {"field": field, "asks": asks, "subject": self.subject}
        )
