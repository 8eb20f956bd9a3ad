"""The files of an essay or a property, on its page, with the way to add some."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import unquote
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property

from integrations.admin.base import LogAdmin
from integrations.admin.media_tile import is_key, tile, with_subjects
from integrations.models import Essay, MediaAttachment, Property

SHOWN = 12
MOST_OFFERED = 200
NAMES: dict[type[Any], str] = {Essay: "essay", Property: "land"}  # what a file calls them


class FewPaginator(Paginator):  # type: ignore[type-arg]  # not generic at run time
    """Of what a field offers while somebody types. Who sees none of it types more; all that fits is never counted."""

    @cached_property
    def count(self) -> int:
        """At most so many."""
        rows: Any = self.object_list
        return len(rows.values_list("pk")[:MOST_OFFERED])


class WithFiles(LogAdmin):
    """Below everything else of the page."""

    change_form_outer_after_template = "admin/integrations/mediaattachment/of_subject.html"

    def get_paginator(self, request: HttpRequest, queryset: Any, per_page: int, *args: Any, **kwargs: Any) -> Any:
        """A field that asks what to offer reads no list."""
        if request.resolver_match and request.resolver_match.url_name == "autocomplete":
            return FewPaginator(queryset, per_page)
        return super().get_paginator(request, queryset, per_page, *args, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """The newest of its files, for those who may see files."""
        extra = dict(extra_context or {})
        if object_id and request.user.has_perm("integrations.view_mediaattachment"):
            extra |= self._files(unquote(object_id))
        return super().changeform_view(request, object_id, form_url, extra)

    def _files(self, key: str) -> dict[str, Any]:
        if not is_key(key):
            return {}
        name = NAMES[self.model]
        found = with_subjects(MediaAttachment.objects.filter(**{name: key}))[: SHOWN + 1]
        return {
            "tiles": [tile(each) for each in found[:SHOWN]],
            "more_files": len(found) > SHOWN,
            "all_files_url": reverse(
                "admin:integrations_mediaattachment_changelist", query={f"{name}__id__exact": key}
            ),
            "add_files_url": reverse("admin:integrations_mediaattachment_add", query={name: key}),
        }
