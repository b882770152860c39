"""Sending to a real mail server that does wrong: nothing is lost, nothing goes out twice, and what nobody knows is
said to be unknown."""

import logging
import re
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from subscriptions import control, ledger, sending
from subscriptions.addresses import fingerprint
from subscriptions.models import Delivery, Mailing, Sender, Subscriber, Suppression
from tests.factories import SubscriberFactory
from tests.subscriptions.mailings import ready_mailing, send_all, states

pytestmark = pytest.mark.django_db
State = Mailing.State


@pytest.fixture(autouse=True)
def _few_connections(settings):
    settings.NEWSLETTER_CONNECTIONS = 2


def later(**time) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(**time))


def test_each_reader_gets_the_letter_once(smtp_server):
    mailing = ready_mailing(readers=30)

    send_all(mailing)

    assert states(mailing) == {"accepted": 30}
    assert set(smtp_server.recipients().values()) == {1}
    assert (mailing.state, mailing.total) == (State.DONE, 30)
    assert mailing.finished_at is not None
    assert smtp_server.counts["connections"] == 2
    assert not Sender.objects.exists()


def test_message_id_says_which_delivery_it_is(smtp_server):
    mailing = ready_mailing(readers=1)

    send_all(mailing)

    assert smtp_server.taken[0].message_id == f"{mailing.identity}.{mailing.deliveries.get().pk}@testserver"


def test_lost_replies_are_unknown_and_sent_again_only_when_asked(smtp_server):
    mailing = ready_mailing(readers=20)
    smtp_server.faults.lose_reply = 7

    send_all(mailing)

    assert states(mailing) == {"accepted": 18, "unknown": 2}
    assert mailing.state == State.DONE
    assert len(smtp_server.taken) == 20
    smtp_server.faults.lose_reply = 0
    assert control.retry_failed(mailing) == 0

    assert control.resend_unknown(mailing) == 2
    send_all(mailing)

    assert states(mailing) == {"accepted": 20}
    assert len(smtp_server.taken) == 22
    assert len({taken.message_id for taken in smtp_server.taken}) == 20


def test_dropped_connections_are_opened_anew_and_nobody_is_missed(smtp_server):
    mailing = ready_mailing(readers=60)
    smtp_server.faults.cut_at_mail = 17
    smtp_server.faults.cut_at_recipient = 19
    smtp_server.faults.cut_at_data = 23
    smtp_server.faults.mails_a_connection = 15

    send_all(mailing)
    with later(seconds=70):  # one may have been cut off twice
        send_all(mailing)

    assert states(mailing) == {"accepted": 60}
    assert set(smtp_server.recipients().values()) == {1}


def test_greylisted_readers_are_tried_again_after_a_minute_and_not_before(smtp_server):
    mailing = ready_mailing(readers=20)
    smtp_server.faults.greylist = 5

    send_all(mailing)
    assert states(mailing) == {"accepted": 16, "queued": 4}
    assert mailing.state == State.SENDING
    assert control.report(mailing)["retries_at"] > timezone.now() + timedelta(seconds=50)
    with later(seconds=50):
        assert sending.send(mailing) == 0
    with later(seconds=70):
        send_all(mailing)

    assert states(mailing) == {"accepted": 20}
    assert mailing.state == State.DONE
    assert sum(len(tries) == 2 for tries in smtp_server.tries.values()) == 4


def test_pauses_grow_and_end_after_four_days(smtp_server):
    mailing = ready_mailing(readers=1)
    smtp_server.faults.refuse_recipient = {"@": "450 4.2.1 mailbox busy"}
    begin = now = timezone.now()
    pauses = []

    while mailing.state != State.DONE:
        with time_machine.travel(now):
            send_all(mailing)
            put_off = control.report(mailing)["retries_at"]
        if put_off:
            pauses.append(round((put_off - now) / timedelta(minutes=1)))
            now = put_off

    assert states(mailing) == {"failed": 1}
    assert pauses == sorted(pauses)
    assert pauses[:4] == [1, 5, 15, 30]
    assert timedelta(days=4) <= now - begin <= timedelta(days=5)


def test_bad_addresses_fail_alone(smtp_server):
    for place, address in enumerate(
        ["a..b@example.org", "x@", "e\r\nBcc: all@example.org", "ü@bücher.example", "b" * 64]
    ):
        Subscriber.objects.create(address=address, confirmed_at=timezone.now(), source=str(place))
    good = SubscriberFactory(address="ada@bücher.example")
    mailing = ready_mailing()

    send_all(mailing)

    assert mailing.deliveries.get(subscriber=good).state == Delivery.State.ACCEPTED
    assert smtp_server.recipients()["ada@xn--bcher-kva.example"] == 1
    assert mailing.state == State.DONE
    headers = [taken.content.partition(b"\r\n\r\n")[0] for taken in smtp_server.taken]
    assert not any(re.search(rb"^Bcc:", header, re.MULTILINE) for header in headers)


def test_refused_addresses_fail_with_the_reason_and_can_be_tried_again(smtp_server):
    mailing = ready_mailing(readers=9)
    smtp_server.faults.unknown_user = 3

    send_all(mailing)

    report = control.report(mailing)
    assert states(mailing) == {"accepted": 6, "failed": 3}
    assert report["failures"] == [("550 5.1.1 <…> no such user", 3)]
    assert "@" not in report["failures"][0][0]


def test_who_leaves_while_it_goes_out_gets_nothing_more(smtp_server, monkeypatch):
    mailing = ready_mailing(readers=12)
    leaves, pauses, goes = Subscriber.objects.order_by("-pk")[:3]
    turn = ledger.Ledger.turn

    def leave_at_first_result(self, done, wanted):
        if done:
            leaves.leave()
            Subscriber.objects.filter(pk=pauses.pk).update(paused_until=timezone.now() + timedelta(days=1))
            Subscriber.objects.filter(pk=goes.pk).delete()
        return turn(self, done, wanted)

    monkeypatch.setattr(ledger.Ledger, "turn", leave_at_first_result)
    send_all(mailing)

    assert states(mailing) == {"accepted": 9, "excluded": 3}
    excluded = mailing.deliveries.filter(state="excluded").values_list("answer", flat=True)
    assert sorted(excluded) == ["Deleted", "Left", "Paused"]
    assert len(smtp_server.taken) == 9


def test_blocked_address_gets_nothing_although_somebody_entered_it_again(smtp_server):
    mailing = ready_mailing(readers=3)
    address = Subscriber.objects.first().address
    Suppression.objects.create(fingerprint=fingerprint(address), why="asked", since=timezone.now())

    send_all(mailing)

    assert states(mailing) == {"accepted": 2, "excluded": 1}
    assert address not in smtp_server.recipients()


def test_mail_without_a_server_goes_through_any_backend_of_django(settings):
    settings.MAILERS = settings.MAILERS | {"newsletter": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
    mailing = ready_mailing(readers=3)

    send_all(mailing)

    outbox = mail.outbox
    assert states(mailing) == {"accepted": 3}
    assert len({tuple(message.to) for message in outbox}) == 3
    first = outbox[0].message()
    assert first["Message-ID"].startswith(f"<{mailing.identity}.")
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert {part.get_content_type() for part in first.walk()} >= {"text/plain", "text/html"}


def test_demo_keeps_each_mail_in_a_file_of_its_own(settings, tmp_path):
    options = {"BACKEND": "config.mail.OutboxBackend", "OPTIONS": {"file_path": str(tmp_path / "outbox")}}
    settings.MAILERS = settings.MAILERS | {"newsletter": options}
    mailing = ready_mailing(readers=5)

    send_all(mailing)

    assert states(mailing) == {"accepted": 5}
    files = [path.read_text() for path in (tmp_path / "outbox").iterdir()]
    assert len(files) == 5
    assert all(text.count("\nTo: ") == 1 for text in files)


def test_logs_name_no_address(smtp_server, caplog):
    mailing = ready_mailing(readers=8)
    smtp_server.faults.unknown_user = 2
    smtp_server.faults.lose_reply = 2

    with caplog.at_level(logging.DEBUG):
        send_all(mailing)

    ours = [record.getMessage() for record in caplog.records if not record.name.startswith("mail.log")]
    assert "@example.org" not in "".join(ours)


# --- Workers that die, sleep, or work beside each other --------------------------------------------


def dead_sender(mailing, **states_in_hand) -> list[Delivery]:
    """A sender not heard of for a while, with rows in hand."""
    silent = timezone.now() - timedelta(seconds=ledger.SILENT_SECONDS + 1)
    Sender.objects.create(name="dead", mailing=mailing, beat_at=silent)
    rows = list(mailing.deliveries.order_by("pk"))
    for state, count in states_in_hand.items():
        for row in [rows.pop(0) for _ in range(count)]:
            Delivery.objects.filter(pk=row.pk).update(state=state, worker="dead")
    return rows


def test_what_a_dead_worker_claimed_waits_again_and_what_it_began_is_unknown(smtp_server):
    mailing = ready_mailing(readers=10)
    dead_sender(mailing, claimed=4, sending=2)
    Sender.objects.create(name="alive", mailing=mailing, beat_at=timezone.now())
    Delivery.objects.filter(pk=mailing.deliveries.last().pk).update(state="sending", worker="alive")

    assert ledger.recover() == 6

    assert states(mailing) == {"queued": 7, "unknown": 2, "sending": 1}
    send_all(mailing)
    assert states(mailing) == {"accepted": 7, "unknown": 2, "sending": 1}
    assert mailing.state == State.SENDING  # not done: one is in hand


def test_worker_that_died_before_the_clock_was_set_back_is_missed_all_the_same(smtp_server):
    mailing = ready_mailing(readers=3)
    dead_sender(mailing, claimed=1, sending=1)
    Sender.objects.update(beat_at=timezone.now() + timedelta(hours=2))

    assert ledger.recover() == 2

    assert not Sender.objects.exists()
    assert states(mailing) == {"queued": 2, "unknown": 1}


def test_clock_set_back_by_a_day_keeps_nobody_waiting_for_it(smtp_server):
    mailing = ready_mailing(readers=2)
    tomorrow = timezone.now() + timedelta(days=1)
    Mailing.objects.update(rest_until=tomorrow)
    Delivery.objects.filter(pk=mailing.deliveries.first().pk).update(not_before=tomorrow)

    send_all(mailing)

    assert states(mailing) == {"accepted": 2}
    assert mailing.state == State.DONE


def test_worker_that_wakes_up_sends_nothing_it_lost_and_still_tells_the_truth(smtp_server):
    mailing = ready_mailing(readers=6)
    sleeper = ledger.Ledger(mailing)
    with sleeper.opened():
        begun = sleeper.turn([], 2)
        Sender.objects.filter(name=sleeper.name).update(beat_at=timezone.now() - timedelta(minutes=5))
        ledger.recover()
        send_all(mailing)
        assert states(mailing) == {"accepted": 4, "unknown": 2}

        done = [(begun[0], sending.Outcome(sending.Fate.ACCEPTED)), (begun[1], sending.Outcome(sending.Fate.LATER))]
        assert sleeper.turn(done, 2) == []

    assert states(mailing) == {"accepted": 5, "queued": 1}
    assert len(smtp_server.taken) == 4
    with later(seconds=70):
        send_all(mailing)
    assert (states(mailing), mailing.state) == ({"accepted": 6}, State.DONE)


def test_what_was_asked_to_be_sent_again_is_not_changed_by_late_news(smtp_server):
    mailing = ready_mailing(readers=1)
    sleeper = ledger.Ledger(mailing)
    with sleeper.opened():
        begun = sleeper.turn([], 1)
        Sender.objects.all().delete()
        ledger.recover()
        control.resend_unknown(mailing)

        sleeper.record([(begun[0], sending.Outcome(sending.Fate.FAILED, "550 no"))])

    assert states(mailing) == {"queued": 1}


def test_evicted_worker_stops(smtp_server, monkeypatch):
    monkeypatch.setattr(ledger, "BEAT_SECONDS", 0)
    mailing = ready_mailing(readers=4)
    book = ledger.Ledger(mailing)

    with pytest.raises(ledger.Evicted), book.opened():
        book.turn([], 1)
        Sender.objects.all().delete()
        book.turn([], 1)


def test_two_ledgers_never_hold_the_same_row(smtp_server):
    mailing = ready_mailing(readers=20)
    first, second = ledger.Ledger(mailing), ledger.Ledger(mailing)
    with first.opened(), second.opened():
        mine = first.turn([], 5)
        assert second.turn([], 5) == []  # all are claimed

    assert len(mine) == 5
    assert states(mailing) == {"queued": 15, "sending": 5}


def test_what_cannot_be_recorded_is_not_begun(smtp_server, monkeypatch):
    """A full disk: the transaction that should say `sending` fails."""
    mailing = ready_mailing(readers=4)
    monkeypatch.setattr(sending, "WRITE_AGAIN_SECONDS", ())

    def full(*_arguments):
        raise sending.DatabaseError("database or disk is full")

    monkeypatch.setattr(ledger.Ledger, "_begin", full)
    with pytest.raises(sending.DatabaseError):
        sending.send(mailing)

    assert smtp_server.taken == []
    assert states(mailing) == {"queued": 4}
