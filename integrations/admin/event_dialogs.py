"""What is asked before one event is processed again."""

from __future__ import annotations

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextInputWidget


class WhyForm(BaseDialogForm):
    """A reason, if there is one to tell; it stands at the attempt."""

    reason = forms.CharField(max_length=300, required=False, widget=UnfoldAdminTextInputWidget())
