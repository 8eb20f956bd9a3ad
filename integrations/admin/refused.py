"""Refused deliveries: what was not believed, why, and the way back once the cause is mended."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display
from unfold.forms import BaseDialogForm

from integrations import formatting, ops
from integrations.admin.actions import may, verb
from integrations.admin.base import LogAdmin, code, link
from integrations.admin.chosen import ChosenRows
from integrations.admin.event import SHOWN_BYTES
from integrations.models import RefusedDelivery
from integrations.systems.deliveries import Cause
from integrations.webhooks import doctor, receivers
from integrations.webhooks.refusals import as_it_came

PERMISSION = "integrations.accept_refuseddelivery"
ACCEPTED = "It was accepted since. Nothing is to be done."


@admin.register(RefusedDelivery)
class RefusedDeliveryAdmin(ChosenRows, LogAdmin):
    """Newest first; the doctor says on the page of each which check failed."""

    list_display = ("received", "service", "status", "reason", "times", "length")
    list_filter = (("cause", ChoicesDropdownFilter), "service", ("received_at", RangeDateTimeFilter))
    list_select_related = ("service",)
    not_in_list = ("headers", "body")
    search_fields = ("reason", "body_hash")
    readonly_fields = (
        "status",
        "service_link",
        "received",
        "diagnosis",
        "length",
        "became",
        "sent_headers",
        "sent_body",
    )
    fieldsets = (
        (None, {"fields": ("status", "service_link", "received", "times", "diagnosis", "became")}),
        ("Headers", {"fields": ("sent_headers",), "classes": ["tab"]}),
        ("Body", {"fields": ("length", "body_hash", "sent_body"), "classes": ["tab"]}),
    )
    actions_detail = ("verify_again", "process_anyway")
    chosen_verbs = {"verify_chosen": PERMISSION}
    empty_state = "Nothing was refused: every delivery that came was believed, or none has come."

    has_accept_permission = may(PERMISSION)

    @verb(
        "Verify again and process",
        icon="verified",
        permission="accept",
        does="Checks the delivery with the secret and the options of now. If it is believed, it is processed.",
        fits=lambda refused: refused.accepted_at is None,
    )
    def verify_again(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Check it."""
        refused = self.found(request, object_id)

        def verify() -> str:
            accepted = ops.verify_again(RefusedDelivery.objects.filter(pk=refused.pk), self.person(request))
            if accepted.refusals:
                raise ops.Impossible(" ".join(accepted.refusals))
            return accepted.sentence

        return self.tell(request, refused, verify)

    @verb(
        "Process anyway",
        icon="play_arrow",
        permission="accept",
        does="Its signature is right, and its body is no JSON. It is processed all the same, without a parsed body.",
        main=False,
        fits=lambda refused: refused.accepted_at is None and refused.cause == Cause.NO_JSON,
    )
    def process_anyway(self, request: HttpRequest, _form: BaseDialogForm, object_id: str) -> HttpResponse:
        """Process it."""
        refused = self.found(request, object_id)
        return self.do(
            request, refused, lambda: ops.process_anyway(refused, self.person(request)), "Will be processed:"
        )

    @admin.action(description="Verify again and process")
    def verify_chosen(self, request: HttpRequest, queryset: QuerySet[RefusedDelivery]) -> HttpResponse:
        """Ask; then check them."""
        if not self.is_confirmed(request):
            template = "admin/integrations/refuseddelivery/chosen.html"
            return self.ask(request, queryset, template, title="Verify these again?", most=ops.MOST_REFUSED)
        try:
            accepted = ops.verify_again(queryset, self.person(request))
            messages.success(request, accepted.sentence)
            for refusal in accepted.refusals[:5]:
                messages.warning(request, refusal)
        except ops.Impossible as reason:
            messages.warning(request, str(reason))
        return HttpResponseRedirect(request.get_full_path())

    @display(description="received", ordering="received_at")
    def received(self, obj: RefusedDelivery) -> SafeString | str:
        """When it came last."""
        return formatting.moment(obj.received_at)

    @display(description="cause", ordering="cause")
    def status(self, obj: RefusedDelivery) -> SafeString:
        """In colour and words."""
        if obj.accepted_at:
            return formatting.badge("resolved", "Accepted since")
        return formatting.badge(obj.cause, obj.get_cause_display())

    @display(description="size", ordering="size")
    def length(self, obj: RefusedDelivery) -> str:
        """Of the whole body."""
        cut = "" if obj.is_whole else f", of which {formatting.size(obj.kept)} were kept"
        return f"{formatting.size(obj.size)}{cut}"

    @display(description="service")
    def service_link(self, obj: RefusedDelivery) -> SafeString | str:
        """Where it was sent to."""
        return link(obj.service)

    @display(description="verification doctor")
    def diagnosis(self, obj: RefusedDelivery) -> SafeString | str:
        """Which check fails now, and what to do."""
        receiver = receivers.of_service(obj.service)
        if obj.accepted_at:
            return ACCEPTED
        if receiver is None:
            return "The service receives nothing now. Choose in its options how deliveries are verified."
        if obj.cause in {Cause.TOO_LARGE, Cause.ENCODED}:
            return f"{obj.reason}. {doctor.ADVICE[Cause(obj.cause)]}"
        delivery, at = as_it_came(obj, receiver.options), obj.received_at.timestamp()
        findings = doctor.examine(receiver, delivery, at, is_whole=obj.is_whole)
        return format_html_join(
            "", "<p>{} {}</p>", ((format_html("<strong>{}</strong>", each.what), each.advice) for each in findings)
        )

    @display(description="became")
    def became(self, obj: RefusedDelivery) -> SafeString | str:
        """The event, once it was accepted."""
        if not obj.accepted_at:
            return "–"
        when = formatting.moment(obj.accepted_at)
        return format_html("{}, accepted by {}, {}", link(obj.event), obj.accepted_by, when)

    @display(description="headers")
    def sent_headers(self, obj: RefusedDelivery) -> SafeString:
        """As they came, without what signs somebody in."""
        return code("\n".join(f"{name}: {value}" for name, value in sorted(obj.headers.items())))

    @display(description="body")
    def sent_body(self, obj: RefusedDelivery) -> SafeString:
        """Its beginning, as it came."""
        return code(bytes(obj.body)[:SHOWN_BYTES].decode("utf-8", "replace"))
