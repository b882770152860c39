"""Newsletters at a glance, what of it lies on the desk, and the question whether this database may send."""

from dataclasses import dataclass

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.views.decorators.http import require_http_methods, require_safe

from config.adminsite import DeskLine, DeskSection
from subscriptions import figures, permit
from subscriptions.admin.pages import draw, page
from subscriptions.models import Mailing, Subscriber

LATEST = 8
CHART_HEIGHT, COLUMN_WIDTH, BAR_WIDTH = 120, 60, 14


@dataclass(frozen=True)
class Bar:
    """A bar of the chart, in the units of its drawing."""

    kind: str
    x: float
    y: float
    height: float


@page("view_mailing")
@require_safe
def dashboard(request: HttpRequest) -> HttpResponse:
    """Readers now, what the last twelve months brought, and the last mailings."""
    months = figures.last_months()
    latest = list(figures.listed(Mailing.objects.order_by("-due_at", "-pk"))[:LATEST])
    figures.count_states(latest)
    for mailing in latest:
        mailing.name = figures.subject_of(mailing)
    return draw(
        request,
        "dashboard",
        "Newsletters",
        standing=figures.standing(),
        months=months,
        chart=chart(months),
        latest=latest,
        forbidden=permit.why_not(),
    )


def chart(months: list[figures.Month]) -> dict:
    """The months drawn: who came above the line, who went below it."""
    up = max(month.came for month in months)
    down = max(month.left + month.bounced for month in months)
    unit = CHART_HEIGHT / max(up + down, 1)
    line = up * unit
    columns = []
    for place, month in enumerate(months):
        x = place * COLUMN_WIDTH + (COLUMN_WIDTH - BAR_WIDTH) / 2
        heights = {"came": month.came * unit, "left": month.left * unit, "bounced": month.bounced * unit}
        tops = {"came": line - heights["came"], "left": line, "bounced": line + heights["left"]}
        bars = [Bar(kind, x, round(tops[kind], 1), round(height, 1)) for kind, height in heights.items() if height]
        columns.append({"middle": x + BAR_WIDTH / 2, "label": date_format(month.first, "M"), "bars": bars})
    size = {"width": COLUMN_WIDTH * len(months), "height": CHART_HEIGHT + 24, "line": round(line, 1)}
    return size | {"columns": columns, "labels_at": CHART_HEIGHT + 20, "bar_width": BAR_WIDTH}


@page("change_sendingpermit")
@require_http_methods(["GET", "HEAD", "POST"])
def sending_permit(request: HttpRequest) -> HttpResponse:
    """Whether this database may send letters. Said twice it is said once."""
    forbidden = permit.why_not()
    if request.method == "POST":
        if forbidden:
            permit.allow(request.user)
            messages.success(
                request, "This database may send letters. Mailings that were under way wait for your word, each."
            )
        return redirect("newsletters:dashboard")
    return draw(request, "permit", "May this database send letters?", forbidden=forbidden)


@admin.site.on_desk
def newsletters(request: HttpRequest) -> DeskSection | None:
    """On the desk: what needs a person, then what is under way, then one quiet figure."""
    if not request.user.has_perm("subscriptions.view_mailing"):
        return None
    states = Mailing.State
    going = Mailing.objects.exclude(state__in=[states.DONE, states.CANCELLED]).order_by("due_at")
    lines = [
        DeskLine(
            figures.subject_of(mailing),
            reverse("admin:subscriptions_mailing_change", args=[mailing.pk]),
            [note for note in (mailing.get_state_display(), mailing.reason) if note],
        )
        for mailing in figures.listed(going)[:LATEST]
    ]
    home = reverse("newsletters:dashboard")
    if forbidden := permit.why_not():
        lines.insert(0, DeskLine("No letters are sent", home, [forbidden]))
    count = Subscriber.objects.confirmed().count()
    lines.append(DeskLine(f"{count:,} {'reader gets' if count == 1 else 'readers get'} mail", home))
    return DeskSection("Newsletters", lines, more_url=home)
