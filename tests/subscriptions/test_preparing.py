"""Preparing: one row a reader, whatever happens on the way."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from subscriptions import control, preparing, sending
from subscriptions.models import Delivery, Follow, Mailing
from tests.factories import FilmFactory, LeftSubscriberFactory, PersonFactory, SubscriberFactory
from tests.subscriptions.mailings import just_published, ready_mailing, states, waiting_mailing

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_batches(monkeypatch):
    monkeypatch.setattr(preparing, "BATCH", 3)
    monkeypatch.setattr(preparing, "ROWS", 2)


def started(review=None) -> Mailing:
    mailing = waiting_mailing(review)
    control.send_now(mailing)
    sending.start_due(timezone.now())
    mailing.refresh_from_db()
    return mailing


def test_everybody_who_receives_has_one_row_with_the_reasons():
    film = FilmFactory(directors=[PersonFactory(name="Claire Denis")], countries=["FR"])
    readers = SubscriberFactory.create_batch(7)
    Follow.objects.create(subscriber=readers[2], person=film.credits.get().person)
    Follow.objects.create(subscriber=readers[2], country="FR")
    SubscriberFactory(rhythm="weekly")
    SubscriberFactory(only_followed=True)
    SubscriberFactory(paused_until=timezone.now() + timedelta(days=1))
    LeftSubscriberFactory()

    mailing = ready_mailing(just_published(film=film))

    found = dict(mailing.deliveries.values_list("subscriber_id", "reasons"))
    every = "You asked for every review"
    assert found.pop(readers[2].pk) == ["You follow Claire Denis", "You follow films from France", every]
    assert found == {reader.pk: [every] for reader in readers if reader != readers[2]}
    assert mailing.total == 7
    assert states(mailing) == {"queued": 7}
    assert mailing.content["items"][0]["review_id"] == mailing.review_id


def test_killed_preparing_goes_on_where_it_was(monkeypatch):
    SubscriberFactory.create_batch(10)
    mailing = started()
    write, batches = preparing._insert, []

    def dies(*arguments):
        batches.append(arguments)
        if len(batches) == 4:  # in the middle of the second batch
            raise MemoryError
        write(*arguments)

    monkeypatch.setattr(preparing, "_insert", dies)
    with pytest.raises(MemoryError):
        preparing.prepare(mailing)
    assert Delivery.objects.count() == 3

    assert preparing.prepare(mailing)
    mailing.refresh_from_db()
    assert mailing.total == Delivery.objects.count() == 10


def test_two_workers_preparing_at_once_write_each_reader_once(monkeypatch):
    SubscriberFactory.create_batch(8)
    mailing = started()
    other = Mailing.objects.get()
    write, met = preparing._write, []

    def meets_another(own, readers, chosen):
        if own is mailing and not met:
            met.append("another")
            assert preparing.prepare(other)
        return write(own, readers, chosen)

    monkeypatch.setattr(preparing, "_write", meets_another)
    assert preparing.prepare(mailing) is False

    mailing.refresh_from_db()
    assert (mailing.state, mailing.total) == ("sending", 8)


def test_stopped_while_preparing_it_writes_no_more(monkeypatch):
    SubscriberFactory.create_batch(8)
    mailing = started()
    write = preparing._write

    def stopped(own, readers, chosen):
        control.pause(mailing)
        return write(own, readers, chosen)

    monkeypatch.setattr(preparing, "_write", stopped)
    assert preparing.prepare(mailing) is False
    assert not Delivery.objects.exists()

    monkeypatch.undo()
    control.resume(mailing)
    assert preparing.prepare(mailing)


def test_readers_who_come_while_it_is_sent_are_not_added():
    mailing = ready_mailing(readers=2)
    control.pause(mailing)
    SubscriberFactory()
    control.resume(mailing)

    preparing.prepare(mailing)

    assert mailing.deliveries.count() == 2


def test_snapshot_stays_as_it_was_when_preparing_began():
    mailing = ready_mailing(readers=1)
    title = mailing.content["items"][0]["title"]
    mailing.review.headline = "Another headline"
    mailing.review.save()

    preparing.prepare(mailing)

    mailing.refresh_from_db()
    assert mailing.content["items"][0]["title"] == title


def test_mailing_to_nobody_ends_without_a_mail():
    mailing = ready_mailing()

    sending.send(mailing)

    mailing.refresh_from_db()
    assert (mailing.total, mailing.state) == (0, "done")


def test_queries_grow_by_batches_and_not_by_readers(monkeypatch):
    monkeypatch.setattr(preparing, "ROWS", 100)

    def cost(readers: int) -> int:
        SubscriberFactory.create_batch(readers)
        mailing = started()
        with CaptureQueriesContext(connection) as queries:
            assert preparing.prepare(mailing)
        return len(queries)

    one, three, nine = cost(1), cost(2), cost(6)

    assert one == three
    assert nine - three == 2 * 6  # readers, follows, and a transaction with the mark and the rows


def test_failure_that_does_not_pass_is_for_a_person(monkeypatch, caplog):
    SubscriberFactory()
    mailing = started()
    monkeypatch.setattr(preparing.ReviewPlan, "content", lambda plan: {}["missing"])

    for _ in range(preparing.MOST_FAILURES):
        with pytest.raises(KeyError):
            preparing.prepare(mailing)

    assert preparing.prepare(mailing) is False
    mailing.refresh_from_db()
    assert (mailing.state, mailing.reason) == ("held", "It could not be prepared: KeyError. The log says more.")
    assert "cannot be prepared" in caplog.text

    monkeypatch.undo()
    control.resume(mailing)
    assert preparing.prepare(mailing)


def test_review_back_dated_in_the_minutes_of_grace_is_never_mailed():
    SubscriberFactory()
    mailing = started()
    mailing.review.published_at = timezone.now() - timedelta(days=3000)
    mailing.review.save()

    assert preparing.prepare(mailing) is False

    mailing.refresh_from_db()
    assert mailing.state == "cancelled"
    assert "Back-dated reviews are never mailed" in mailing.reason
    assert not Delivery.objects.exists()


def test_review_that_a_person_sends_days_late_is_not_taken_for_back_dated():
    SubscriberFactory()
    mailing = started()

    with time_machine.travel(timezone.now() + timedelta(days=3)):
        assert preparing.prepare(mailing)
