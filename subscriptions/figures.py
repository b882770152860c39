"""Counts: how many readers there are, how many came and went, and what became of mailings."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.db.models.fields.json import KT
from django.utils import timezone

from subscriptions.models import BounceReport, Delivery, Mailing, Subscriber

MONTHS = 12
END = datetime(9999, 1, 1, tzinfo=UTC)
State, Ended = Delivery.State, Subscriber.Ended
NOT_ACCEPTED = [state for state in State.values if state != State.ACCEPTED]


@dataclass
class Month:
    """What happened in a month of the publication's calendar."""

    first: datetime
    came: int = 0
    left: int = 0
    bounced: int = 0


def standing() -> dict[str, int]:
    """Who gets mail at this moment, by rhythm, and who does not. Two queries: the first reads an index alone."""
    rows = Subscriber.objects.order_by().values_list("state", "rhythm").annotate(Count("pk"))
    counts = dict.fromkeys([*Subscriber.Rhythm.values, "gone"], 0)
    for state, rhythm, count in rows:
        counts["gone" if state == Subscriber.State.LEFT else rhythm] += count
    paused, only_followed = Q(paused_until__gt=timezone.now()), Q(only_followed=True)
    special = Subscriber.objects.confirmed().filter(paused | only_followed)
    return {
        **counts,
        "confirmed": sum(counts.values()) - counts["gone"],
        **special.aggregate(paused=Count("pk", filter=paused), only_followed=Count("pk", filter=only_followed)),
    }


def last_months(now: datetime | None = None) -> list[Month]:
    """New, left and bounced in each of the last twelve months, the present one last. Two queries.

    Whoever asked to be deleted is in none of them, and who came back counts as new once more."""
    firsts = _firsts_of_months(timezone.localtime(now or timezone.now()))
    months = [Month(first) for first in firsts]
    spans = pairwise([*firsts, END])
    # Of all readers, by one look into the index of the column for each month: it reads every row but once.
    came = [
        Subscriber.objects.filter(confirmed_at__gte=first, confirmed_at__lt=end).annotate(place=Value(place))
        for place, (first, end) in enumerate(spans)
    ]
    counts = [
        query.order_by().values("place").annotate(many=Count("pk")).values_list("place", "many") for query in came
    ]
    for place, many in counts[0].union(*counts[1:], all=True).order_by():
        months[place].came = many
    # Of those who left, who are few, in one go: there is no such index.
    lost = Subscriber.objects.filter(state=Subscriber.State.LEFT, left_at__gte=firsts[0]).order_by()
    which = Case(*[When(left_at__gte=first, then=Value(place)) for place, first in reversed(list(enumerate(firsts)))])
    for place, ended, many in lost.values_list(which, "ended").annotate(Count("pk")):
        if ended in (Ended.BOUNCED, Ended.COMPLAINED):
            months[place].bounced += many
        else:
            months[place].left += many
    return months


def _firsts_of_months(now: datetime) -> list[datetime]:
    months = [divmod(now.year * 12 + now.month - 1 - back, 12) for back in reversed(range(MONTHS))]
    return [datetime(year, month + 1, 1, tzinfo=now.tzinfo) for year, month in months]


def listed(mailings: QuerySet[Mailing]) -> QuerySet[Mailing]:
    """Mailings for a list: with their subject, and without the snapshot it stands in."""
    return mailings.annotate(subject=KT("content__subject")).defer("content").select_related("review__film")


def subject_of(mailing: Mailing) -> str:
    """What a listed mailing is called: its subject, which it has once it is prepared, or what it will be about."""
    return mailing.subject or (str(mailing.review) if mailing.review else mailing.get_kind_display())


def count_states(mailings: list[Mailing]) -> None:
    """Give each mailing `counts`, by state of its deliveries. One query, and cheap for a list of large ones: of those
    that are done only rows that were not accepted are counted. The rest of the total was (subscriptions/balance.py)."""
    done = [mailing for mailing in mailings if mailing.state == Mailing.State.DONE]
    others = [mailing for mailing in mailings if mailing.state != Mailing.State.DONE]
    which = Q(mailing__in=others) | Q(mailing__in=done, state__in=NOT_ACCEPTED)
    rows = Delivery.objects.filter(which).order_by()
    counts = {mailing.pk: dict.fromkeys(State.values, 0) for mailing in mailings}
    for pk, state, count in rows.values_list("mailing_id", "state").annotate(Count("pk")):
        counts[pk][state] = count
    for mailing in mailings:
        mailing.counts = counts[mailing.pk]
        if mailing in done:
            mailing.counts[State.ACCEPTED] = mailing.total - sum(mailing.counts.values())
        mailing.to_come = sum(mailing.counts[state] for state in (State.QUEUED, State.CLAIMED, State.SENDING))


def aftermath(mailing: Mailing) -> dict:
    """What followed a mailing: reports that came back, by kind, and readers who left by themselves within a week."""
    reports = BounceReport.objects.filter(delivery__mailing=mailing).order_by()
    bounced = dict(reports.values_list("kind").annotate(Count("pk")))
    left = 0
    if mailing.started_at:
        got_it = Delivery.objects.filter(mailing=mailing, subscriber=OuterRef("pk"), state=State.ACCEPTED)
        end = mailing.started_at + timedelta(days=7)
        gone = Subscriber.objects.filter(
            state=Subscriber.State.LEFT, ended=Ended.READER, left_at__range=(mailing.started_at, end)
        )
        left = gone.filter(Exists(got_it)).count()
    kinds = [(kind.label, bounced[kind.value]) for kind in BounceReport.Kind if kind.value in bounced]
    return {"bounced": sum(bounced.values()), "bounce_kinds": kinds, "left": left}


def left_out(mailing: Mailing) -> list[tuple[str, int]]:
    """Why readers were left out, and how many."""
    rows = mailing.deliveries.filter(state=State.EXCLUDED).order_by()
    return list(rows.values_list("answer").annotate(many=Count("pk")).order_by("-many", "answer"))
