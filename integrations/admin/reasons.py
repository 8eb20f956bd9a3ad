"""Whoever decides says why."""

from __future__ import annotations

from django import forms
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminTextareaWidget


class Reason(forms.Form):
    """One field, for a page that asks before it acts."""

    reason = forms.CharField(max_length=500, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}))


class ReasonDialog(Reason, BaseDialogForm):
    """The same in a dialog."""
