"""The list of addresses that are never written to. It holds no addresses, so one can only be asked for."""

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from subscriptions.addresses import fingerprint
from subscriptions.admin.forms import AddressForm, ReasonForm
from subscriptions.admin.pages import RecordAdmin, draw, filter_by, page
from subscriptions.models import Suppression


@admin.register(Suppression)
class SuppressionAdmin(RecordAdmin):
    list_display = ["why", "since", "note"]
    list_display_links = ["why", "since"]
    list_filter = [filter_by("why", Suppression.Why.choices)]
    ordering = ["-since", "-pk"]
    sortable_by = ["since"]

    def record_context(self, request, record):
        return {"form": ReasonForm(), "may_remove": request.user.has_perm("subscriptions.delete_suppression")}

    def perform(self, request, record):
        """Take an address off the list, with the reason kept in the admin's log."""
        if not request.user.has_perm("subscriptions.delete_suppression"):
            raise PermissionDenied
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self.draw_record(request, "suppression", record, form=form, may_remove=True)
        why = f"Taken off the list: {form.cleaned_data['reason']}"
        LogEntry.objects.log_actions(request.user.pk, [record], DELETION, why, single_object=True)
        record.delete()
        messages.success(request, "Taken off the list. The address can subscribe again; nothing is sent to it before.")
        return redirect("admin:subscriptions_suppression_changelist")


@page("view_suppression")
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: HttpRequest) -> HttpResponse:
    """Whether an address is on the list. Asked by POST, so that no address stands in a log."""
    form = AddressForm(request.POST if request.method == "POST" else None)
    asked = form.is_bound and form.is_valid()
    found = Suppression.objects.filter(fingerprint=fingerprint(form.cleaned_data["address"])).first() if asked else None
    return draw(request, "check", "Is an address on the list?", form=form, asked=asked, found=found)
