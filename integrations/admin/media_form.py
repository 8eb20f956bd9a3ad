"""What people bring: files, or an address on the web, and what both belong to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import URLValidator
from unfold.widgets import UnfoldAdminTextInputWidget, UnfoldAdminURLInputWidget

from integrations import ops
from integrations.media import size
from integrations.models import MediaAttachment

LONGEST_ADDRESS = 2000
SUBJECTS = {"essay": "integrations.view_essay", "land": "integrations.view_property"}  # and who may see them


@dataclass(frozen=True)
class Refused:
    """A file of which nothing was kept, and why."""

    name: str
    reason: str


class ManyFilesInput(forms.ClearableFileInput):
    """The browser's own field."""

    allow_multiple_selected = True


class ManyFiles(forms.FileField):
    """Any number of files. One that is no good does not keep the others from being taken."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[UploadedFile[Any] | Refused]:  # noqa: ARG002 - Django's signature
        """Each as it is, or with the reason why not."""
        return [self._judged(each) for each in data or ()]

    def _judged(self, file: UploadedFile[Any]) -> UploadedFile[Any] | Refused:
        try:
            taken: UploadedFile[Any] = super().clean(file)
        except ValidationError as error:
            return Refused(file.name or "", " ".join(error.messages))
        reason = size.objection(taken.size or 0)
        return Refused(file.name or "", reason) if reason else taken


def _belongs_to(name: str, label: str) -> forms.ModelChoiceField[Any]:
    field: Any = MediaAttachment._meta.get_field(name)
    widget = AutocompleteSelect(field, admin.site)
    queryset = field.remote_field.model._default_manager.all()
    return forms.ModelChoiceField(queryset, label=label, required=False, widget=widget)


class UploadForm(forms.Form):
    """Files or an address; what they belong to may be left open, and is offered to those who may see it."""

    file = ManyFiles(label="Files", required=False)
    alt_text = forms.CharField(
        label="Description",
        required=False,
        max_length=300,
        widget=UnfoldAdminTextInputWidget(),
        help_text="What is to be seen, for those who cannot see it; it can be changed for each file later.",
    )
    essay = _belongs_to("essay", "For the essay")
    land = _belongs_to("land", "For the property")
    address = forms.URLField(
        label="Or an address on the web",
        required=False,
        max_length=LONGEST_ADDRESS,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
        widget=UnfoldAdminURLInputWidget(),
        help_text="A worker fetches what is there, from public addresses only.",
    )

    def __init__(self, person: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, permission in SUBJECTS.items():
            if not person.has_perm(permission):
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Something must be brought, for one thing at most."""
        said: dict[str, Any] = super().clean() or self.cleaned_data
        if not said.get("file") and not said.get("address") and not self.errors:
            self.add_error("file", "Choose at least one file, or give an address. A file is required.")
        if said.get("essay") and said.get("land"):
            self.add_error("land", "A file belongs to one thing. Choose the essay or the property.")
        return said

    def bring(self, actor: User) -> list[MediaAttachment | Refused]:
        """Take all that may be taken, in the order in which it came."""
        said = self.cleaned_data
        brought = ops.Brought(said["alt_text"], said.get("essay"), said.get("land"))
        found = [
            each if isinstance(each, Refused) else _taken(each.name or "", lambda: ops.upload(each, brought, actor))  # noqa: B023 - called at once
            for each in said["file"]
        ]
        if said["address"]:
            found.append(_taken(said["address"], lambda: ops.fetch(said["address"], brought, actor)))
        return found


def _taken(name: str, verb: Callable[[], MediaAttachment]) -> MediaAttachment | Refused:
    try:
        return verb()
    except ops.Impossible as reason:
        return Refused(name, str(reason))
