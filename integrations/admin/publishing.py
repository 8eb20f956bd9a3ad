"""“Publish to GitHub” on the page of an essay, and what came of it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from unfold.forms import BaseDialogForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget, UnfoldBooleanWidget

from integrations import ops, publishing
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin
from integrations.admin.live import LivePanel
from integrations.models import Essay, Publication, Service

SHOWN = 5


class PublishForm(BaseDialogForm):
    """Where, and with what words; every field may be left as it is."""

    service = forms.ModelChoiceField(
        Service.objects.none(), label="Repository", required=False, empty_label=None, widget=UnfoldAdminSelectWidget()
    )
    path = forms.CharField(label="File", required=False, max_length=500, widget=UnfoldAdminTextInputWidget())
    message = forms.CharField(
        label="Message of the commit", required=False, max_length=500, widget=UnfoldAdminTextInputWidget()
    )
    replace = forms.BooleanField(
        label="Replace what is there",
        required=False,
        help_text="Also where somebody else wrote it, or changed it since. The whole file is replaced.",
        widget=UnfoldBooleanWidget(),
    )

    form_before_template = "admin/integrations/essay/publish.html"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        service_field: Any = self.fields["service"]
        service_field.queryset = publishing.places()
        essay = Essay.objects.filter(pk=self.object_id).first() if str(self.object_id).isdecimal() else None
        if essay:
            self._suggest(essay, publishing.default_place(essay))

    def _suggest(self, essay: Essay, service: Service | None) -> None:
        self.fields["message"].initial = publishing.default_message(essay)
        if service:
            self.fields["service"].initial = service.pk
            path = publishing.default_path(essay, service)
            self.fields["path"].widget.attrs["placeholder"] = path
            self.fields["path"].help_text = f"Empty at {service}: {path}"

    def get_before_template_context(self, request: HttpRequest, object_id: Any = None) -> dict[str, Any]:  # noqa: ARG002
        """Who the commit will be by."""
        return {"user": request.user, "is_possible": publishing.places().exists()}

    def clean_service(self) -> Service | None:
        """The one that was offered first, where nothing was chosen."""
        chosen: Service | None = self.cleaned_data["service"]
        return chosen or publishing.places().filter(pk=self.fields["service"].initial).first()


class Publishing(LivePanel, LogAdmin):
    """The page follows a publication that is under way."""

    panel_template = "admin/integrations/essay/panel.html"
    panel_every = "1s"
    actions_detail: tuple[str, ...] = ("publish",)

    def is_moving(self, row: Essay) -> bool:
        """Whether it is being published."""
        return row.publications.filter(state__in=Publication.ACTIVE).exists()

    def panel_context(self, request: HttpRequest, row: Essay) -> dict[str, Any]:  # noqa: ARG002 - the base's signature
        """The last publications."""
        return {"publications": row.publications.select_related("service", "actor").defer("content")[:SHOWN]}

    has_publish_permission = may("integrations.publish_essay")

    @verb(
        "Publish to GitHub",
        icon="publish",
        permission="publish",
        does="Commits this essay, as it is now, as a Markdown file with title, slug, author and date in its head.",
        form=PublishForm,
    )
    def publish(self, request: HttpRequest, form: PublishForm, object_id: str) -> HttpResponse:
        """Have a worker commit it."""
        essay, said = self.found(request, object_id), form.cleaned_data
        wish = publishing.Wish(said["path"], said["message"], said["replace"])

        def publish() -> Publication:
            if said["service"] is None:
                raise ops.Impossible("There is no repository to publish to. Add a service of GitHub first.")
            return ops.publish(essay, said["service"], wish, self.person(request))

        return self.do(request, essay, publish, "Started:")
