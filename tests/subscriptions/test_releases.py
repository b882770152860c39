"""From an editor's decision to the one mailing a review can have."""

from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.utils import timezone

from reviews.models import State as ReviewState
from subscriptions import control, preparing, releases, sending
from subscriptions.models import Delivery, Mailing, Release
from tests.factories import DraftFactory, ReviewFactory, SubscriberFactory
from tests.subscriptions.mailings import just_published, ready_mailing, send_all, waiting_mailing

pytestmark = pytest.mark.django_db
State = Mailing.State
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sweep(now):
    releases.release_due(now)
    sending.start_due(now)


def test_saving_and_publishing_a_review_sends_nothing():
    SubscriberFactory()
    review = just_published()
    review.save()

    sweep(timezone.now() + HOUR)

    assert not Mailing.objects.exists()


def test_review_to_be_sent_now_waits_for_the_minutes_of_grace(settings):
    settings.NEWSLETTER_GRACE_MINUTES = 7
    review = just_published()
    now = timezone.now()
    releases.decide(review, "now", now=now)

    assert releases.release_due(now) == 1
    assert releases.release_due(now) == 0

    mailing = Mailing.objects.get()
    assert (mailing.review, mailing.state, mailing.due_at) == (review, State.WAITING, now + timedelta(minutes=7))
    assert sending.start_due(now + timedelta(minutes=6)) == 0
    assert sending.start_due(now + timedelta(minutes=7)) == 1
    assert sending.start_due(now + timedelta(minutes=8)) == 0


@pytest.mark.parametrize("age", [timedelta(days=1, minutes=1), timedelta(days=9000)])
def test_imported_and_back_dated_reviews_are_refused(age):
    with pytest.raises(ValidationError, match="more than a day ago"):
        releases.decide(ReviewFactory(published_at=timezone.now() - age), "now")

    assert not Release.objects.exists()


def test_review_back_dated_after_the_decision_is_not_mailed():
    draft = DraftFactory()
    releases.decide(draft, "now")
    draft.published_at, draft.state = timezone.now() - 400 * DAY, ReviewState.PUBLISHED
    draft.save()

    assert releases.release_due(timezone.now()) == 0


def test_nothing_is_mailed_before_readers_can_see_the_page():
    now = timezone.now()
    draft, scheduled = DraftFactory(), ReviewFactory(published_at=now + HOUR)
    for review in (draft, scheduled):
        releases.decide(review, "now", now=now)

    assert releases.release_due(now + timedelta(minutes=59)) == 0
    assert releases.release_due(now + HOUR) == 1
    assert Mailing.objects.get().review == scheduled


def test_review_to_be_sent_at_a_time_is_released_then():
    now = timezone.now()
    releases.decide(just_published(), "at", at=now + 3 * HOUR, now=now)

    assert releases.release_due(now + 2 * HOUR) == 0
    assert releases.release_due(now + 3 * HOUR) == 1
    assert Mailing.objects.get().due_at == now + 3 * HOUR


@pytest.mark.parametrize("at", [None, -HOUR])
def test_time_that_is_missing_or_over_is_refused(at):
    with pytest.raises(ValidationError, match=r"(?i)when|over"):
        releases.decide(just_published(), "at", at=at and timezone.now() + at)


@pytest.mark.parametrize(("choice", "released"), [("digest", 1), ("none", 0)])
def test_review_for_the_digest_or_for_nobody_has_no_mailing(choice, released):
    releases.decide(just_published(), choice)

    assert releases.release_due(timezone.now()) == released
    assert not Mailing.objects.exists()


def test_review_is_mailed_once_however_often_it_is_published(smtp_server):
    mailing = ready_mailing(readers=2)
    review = mailing.review
    send_all(mailing)

    for _ in range(5):
        review.withdraw()
        sweep(timezone.now())
        review.publish(at=timezone.now())
        sweep(timezone.now() + DAY)
        with pytest.raises(ValidationError, match="sent already"):
            releases.decide(review, "now")

    assert Mailing.objects.count() == 1
    assert set(smtp_server.recipients().values()) == {1}


def test_clock_set_back_mails_nothing_twice(smtp_server):
    mailing = ready_mailing(readers=1)
    send_all(mailing)

    with time_machine.travel(timezone.now() - 30 * DAY):
        sweep(timezone.now())

    assert Mailing.objects.get().state == State.DONE


def test_decision_can_be_changed_until_something_was_sent():
    SubscriberFactory()
    mailing = waiting_mailing()
    release = releases.decide(mailing.review, "none")

    assert (release.choice, release.released_at) == ("none", None)
    assert not Mailing.objects.exists()

    again = waiting_mailing(mailing.review)
    control.cancel(again)
    assert releases.decide(mailing.review, "digest").choice == "digest"


def test_decision_about_a_mailing_that_is_under_way_stands(smtp_server):
    mailing = ready_mailing(readers=1)

    with pytest.raises(ValidationError, match="sent already"):
        releases.decide(mailing.review, "none")

    control.cancel(mailing)
    Delivery.objects.update(state="unknown")
    with pytest.raises(ValidationError, match="sent already"):
        releases.decide(mailing.review, "none")


def test_what_is_overdue_by_more_than_a_day_asks_a_person():
    now = timezone.now()
    releases.decide(just_published(), "now", now=now)

    releases.release_due(now + 2 * DAY)
    mailing = Mailing.objects.get()
    assert mailing.state == State.HELD
    assert "more than a day ago" in mailing.reason

    assert control.resume(mailing)
    with time_machine.travel(now + 2 * DAY):
        assert control.resume(mailing) is False
        Mailing.objects.update(due_at=timezone.now())
        assert sending.start_due(timezone.now()) == 1


def test_mailing_that_nobody_started_for_a_day_asks_a_person():
    mailing = waiting_mailing()

    assert sending.start_due(mailing.due_at + 2 * DAY) == 0

    mailing.refresh_from_db()
    assert mailing.state == State.HELD


def test_review_withdrawn_in_the_minutes_of_grace_is_not_prepared():
    SubscriberFactory()
    mailing = waiting_mailing()
    mailing.review.withdraw()
    sending.start_due(mailing.due_at)

    assert preparing.prepare(mailing) is False

    mailing.refresh_from_db()
    assert (mailing.state, mailing.reason) == (State.HELD, "The review is not public any more.")
    assert not Delivery.objects.exists()


def test_two_who_decide_at_once_do_not_go_over_each_other():
    review = just_published()
    first = releases.decide(review, "digest", seen="")

    with pytest.raises(ValidationError, match="while you had this page open"):
        releases.decide(review, "now", seen="")

    assert Release.objects.get().choice == "digest"
    assert releases.decide(review, "now", seen=releases.version(first)).choice == "now"


def test_first_decisions_at_the_same_instant_are_one(monkeypatch):
    review, is_too_old = just_published(), releases.is_too_old

    def meanwhile(*arguments):
        Release.objects.create(review=review, choice="none", decided_at=timezone.now())
        return is_too_old(*arguments)

    monkeypatch.setattr(releases, "is_too_old", meanwhile)
    with pytest.raises(ValidationError, match="while you had this page open"):
        releases.decide(review, "now")


def test_rows_that_a_worker_had_only_taken_are_not_sent():
    mailing = ready_mailing(readers=2)
    mailing.deliveries.update(state="claimed", worker="somebody")
    control.cancel(mailing)

    assert releases.decide(mailing.review, "none").choice == "none"
    assert not Mailing.objects.exists()


def test_review_in_a_digest_that_finds_its_readers_cannot_be_taken_back():
    review, now = just_published(), timezone.now()
    releases.decide(review, "digest")
    releases.release_due(now)
    values = {"rhythm": "daily", "slot": now, "covers_to": now, "due_at": now, "identity": uuid4()}
    content = {"items": [{"review_id": review.pk}]}
    digest = Mailing.objects.create(kind="digest", state="preparing", review_ids=[review.pk], content=content, **values)

    with pytest.raises(ValidationError, match="sent already"):
        releases.decide(review, "none")

    control.cancel(digest)
    assert releases.decide(review, "none").choice == "none"
