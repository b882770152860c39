"""The database itself refuses whatever would keep the counts of a mailing from adding up."""

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from subscriptions import figures
from subscriptions.models import Delivery, Mailing, Subscriber
from tests.factories import SubscriberFactory
from tests.subscriptions.mailings import ready_mailing, send_all, started_mailing

pytestmark = pytest.mark.django_db


def add_a_row(mailing):
    mailing.deliveries.create(subscriber=SubscriberFactory())


def take_a_row_away(mailing):
    mailing.deliveries.first().delete()


@pytest.mark.parametrize("act", [
    lambda mailing: Mailing.objects.update(state="done"),
    lambda mailing: Mailing.objects.update(total=7),
    lambda mailing: Mailing.objects.update(prepared_at=None),
    add_a_row,
    take_a_row_away,
])  # fmt: skip
def test_prepared_mailing_keeps_its_balance(act):
    mailing = ready_mailing(readers=3)

    with pytest.raises(IntegrityError), transaction.atomic():
        act(mailing)
        connection.check_constraints()

    mailing.refresh_from_db()
    assert (mailing.state, mailing.total, mailing.deliveries.count()) == ("sending", 3, 3)


@pytest.mark.parametrize("state", ["queued", "claimed", "sending"])
def test_mailing_with_one_mail_still_to_be_sent_is_not_done(state):
    mailing = ready_mailing(readers=2)
    Delivery.objects.filter(pk=mailing.deliveries.first().pk).update(state="accepted")
    Delivery.objects.filter(state="queued").update(state=state)

    with pytest.raises(IntegrityError), transaction.atomic():
        Mailing.objects.update(state="done")

    mailing.deliveries.update(state="accepted")
    assert Mailing.objects.update(state="done") == 1


def test_total_is_what_was_prepared():
    mailing = started_mailing(readers=1)
    mailing.deliveries.create(subscriber=Subscriber.objects.get())

    with pytest.raises(IntegrityError), transaction.atomic():
        Mailing.objects.update(total=2, prepared_at=timezone.now())
    assert Mailing.objects.update(total=1, prepared_at=timezone.now()) == 1


@pytest.mark.django_db(transaction=True)
def test_mailing_may_go_as_a_whole_and_a_reader_without_their_rows(smtp_server):
    mailing, other = ready_mailing(readers=2), ready_mailing()
    send_all(other)

    Subscriber.objects.earliest("pk").delete()
    mailing.delete()

    assert [row.subscriber is None for row in Delivery.objects.order_by("pk")] == [True, False]
    assert set(Delivery.objects.values_list("mailing", flat=True)) == {other.pk}


def test_migrating_back_and_forth_puts_the_balance_back(transactional_db):
    call_command("migrate", "subscriptions", "0004", verbosity=0)
    call_command("migrate", verbosity=0)
    ready_mailing(readers=1)

    with pytest.raises(IntegrityError), transaction.atomic():
        Mailing.objects.update(total=2)


def test_list_of_mailings_counts_what_was_accepted_and_guesses_nothing(smtp_server):
    going, done = ready_mailing(readers=2), ready_mailing()
    Delivery.objects.filter(pk=going.deliveries.first().pk).update(state="accepted")
    send_all(done)
    listed = list(Mailing.objects.order_by("pk"))
    listed[0].total = 9

    figures.count_states(listed)

    assert [(mailing.counts["accepted"], mailing.to_come) for mailing in listed] == [(1, 1), (2, 0)]
