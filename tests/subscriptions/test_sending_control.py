"""What people and providers do to a mailing under way: pause, resume, cancel, refuse, set limits."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from subscriptions import control, ledger, pacing, sending, tasks
from subscriptions.models import BounceReport, Delivery, Mailing, Subscriber
from tests.subscriptions.mailings import ready_mailing, send_all, started_mailing, states, waiting_mailing

pytestmark = pytest.mark.django_db
State = Mailing.State


def state_of(mailing) -> str:
    mailing.refresh_from_db()
    return mailing.state


def in_the_middle(monkeypatch, act) -> None:
    """Have something happen when the first mail of a mailing is out."""
    turn, happened = ledger.Ledger.turn, []

    def with_act(self, done, wanted):
        if done and not happened:
            happened.append(act())
        return turn(self, done, wanted)

    monkeypatch.setattr(ledger.Ledger, "turn", with_act)


@pytest.fixture
def no_cache(monkeypatch):
    """A cache that cannot be reached."""

    def refuse(*args, **kwargs):
        raise ConnectionError

    for verb in ("add", "delete"):
        monkeypatch.setattr(tasks.cache, verb, refuse)


def test_pause_stops_at_once_and_resume_goes_on(smtp_server, settings, monkeypatch):
    settings.NEWSLETTER_CONNECTIONS = 2
    mailing = ready_mailing(readers=20)
    in_the_middle(monkeypatch, lambda: control.pause(mailing))

    sending.send(mailing)

    assert state_of(mailing) == State.PAUSED
    assert len(smtp_server.taken) == 2  # what was in hand
    assert states(mailing) == {"accepted": 2, "queued": 18}
    assert sending.send(mailing) == 0
    assert control.resume(mailing)
    send_all(mailing)
    assert states(mailing) == {"accepted": 20}


def test_pausing_and_resuming_in_a_hurry_sends_nothing_twice(smtp_server, monkeypatch):
    mailing = ready_mailing(readers=40)
    turn = ledger.Ledger.turn

    def hurried(self, done, wanted):
        if len(smtp_server.taken) < 38:
            assert control.pause(mailing)
            assert control.resume(mailing)
        return turn(self, done, wanted)

    monkeypatch.setattr(ledger.Ledger, "turn", hurried)
    send_all(mailing)

    assert states(mailing) == {"accepted": 40}
    assert set(smtp_server.recipients().values()) == {1}


def test_verbs_do_nothing_the_second_time():
    mailing = ready_mailing(readers=1)

    assert [control.pause(mailing), control.pause(mailing)] == [True, False]
    assert [control.resume(mailing), control.resume(mailing)] == [True, False]
    assert [control.cancel(mailing), control.cancel(mailing)] == [True, False]
    assert control.resume(mailing) is False


def test_cancelled_mailing_leaves_out_the_rest(smtp_server, settings, monkeypatch):
    settings.NEWSLETTER_CONNECTIONS = 1
    mailing = ready_mailing(readers=10)
    in_the_middle(monkeypatch, lambda: control.cancel(mailing))

    sending.send(mailing)
    tasks.keep_sending()

    assert state_of(mailing) == State.CANCELLED
    assert states(mailing) == {"accepted": 1, "excluded": 9}


def test_stop_in_the_minutes_of_grace_sends_nothing(smtp_server):
    mailing = waiting_mailing()

    assert control.cancel(mailing)

    assert sending.start_due(mailing.due_at + timedelta(minutes=1)) == 0
    tasks.keep_sending()
    assert state_of(mailing) == State.CANCELLED


def test_worker_does_everything_from_the_decision_to_the_mail(smtp_server):
    Subscriber.objects.create(address="ada@example.org", confirmed_at=timezone.now())
    mailing = waiting_mailing()
    with time_machine.travel(mailing.due_at):
        tasks.keep_sending()

    assert state_of(mailing) == State.DONE
    assert smtp_server.recipients() == {"ada@example.org": 1}


@pytest.mark.parametrize("readers", [3, 0])
def test_worker_sends_and_finishes_without_a_cache(smtp_server, no_cache, readers):
    mailing = ready_mailing(readers=readers)

    tasks.keep_sending()

    assert state_of(mailing) == State.DONE
    assert len(smtp_server.taken) == readers


def test_one_mailing_that_fails_keeps_no_other_waiting(smtp_server, monkeypatch, caplog):
    broken, whole, cancelled = ready_mailing(readers=1), ready_mailing(), ready_mailing()
    Mailing.objects.filter(pk=cancelled.pk).update(state=State.CANCELLED)
    enqueue = tasks.nudge
    monkeypatch.setattr(tasks, "nudge", lambda mailing: 1 / 0 if mailing == broken else enqueue(mailing))

    tasks.keep_sending()

    found = [states(mailing) for mailing in (broken, whole, cancelled)]
    assert found == [{"queued": 1}, {"accepted": 1}, {"excluded": 1}]
    assert f"Mailing {broken.pk} cannot go on" in caplog.text


def test_review_withdrawn_while_it_goes_out_pauses(smtp_server):
    mailing = ready_mailing(readers=3)
    mailing.review.withdraw()

    assert sending.send(mailing) == 0
    assert state_of(mailing) == State.PAUSED


@pytest.mark.parametrize("begun", [ready_mailing, started_mailing])
@pytest.mark.parametrize("act", [tasks.keep_sending, lambda: tasks.go_on.func(Mailing.objects.get().pk)])
def test_worker_that_was_away_for_a_week_asks_before_it_goes_on(smtp_server, begun, act):
    mailing = begun(readers=3)

    with time_machine.travel(timezone.now() + timedelta(days=7)):
        act()

        assert state_of(mailing) == State.HELD
        assert "nothing was sent for more than a day" in mailing.reason
        assert smtp_server.taken == []
        assert control.resume(mailing)
        tasks.keep_sending()
    assert len(smtp_server.taken) == 3


@pytest.mark.parametrize("why", ["limit", "retry"])
def test_mailing_that_waits_for_days_beside_its_worker_goes_on_unasked(smtp_server, settings, why):
    settings.NEWSLETTER_LIMITS = {"minute": 0, "hour": 0, "day": 0 if why == "retry" else 1}
    now = timezone.now()
    mailing = ready_mailing(readers=2)
    if why == "retry":
        mailing.deliveries.update(not_before=now + timedelta(days=3))
    for hours in range(0, 80, 8):
        with time_machine.travel(now + timedelta(hours=hours)):
            tasks.keep_sending()

    assert state_of(mailing) == State.DONE
    assert states(mailing) == {"accepted": 2}


def test_failed_mails_of_a_mailing_long_done_are_tried_again_unasked(smtp_server):
    mailing = ready_mailing(readers=1)
    mailing.deliveries.update(state="failed")
    sending.finish(mailing)

    with time_machine.travel(timezone.now() + timedelta(days=7)):
        control.retry_failed(mailing)
        tasks.keep_sending()

    assert states(mailing) == {"accepted": 1}


def test_mailing_is_never_called_done_with_somebody_waiting():
    mailing = ready_mailing(readers=2)
    Delivery.objects.filter(pk=mailing.deliveries.first().pk).update(state="accepted")

    assert sending.finish(mailing) is False
    Delivery.objects.update(state="accepted")
    assert sending.finish(mailing) is True


def test_retry_touches_only_those_that_failed(smtp_server):
    mailing = ready_mailing(readers=4)
    for row, state in zip(mailing.deliveries.all(), ("accepted", "failed", "unknown", "excluded"), strict=True):
        Delivery.objects.filter(pk=row.pk).update(state=state)
    sending.finish(mailing)

    assert control.retry_failed(mailing) == 1
    assert state_of(mailing) == State.SENDING
    send_all(mailing)

    assert states(mailing) == {"accepted": 2, "unknown": 1, "excluded": 1}
    assert len(smtp_server.taken) == 1


# --- Providers that refuse ------------------------------------------------------------------------


def pauses_after(mailing) -> int:
    """How many rests there are before the mailing is paused for a person."""
    rests, now = 0, timezone.now()
    while state_of(mailing) == State.SENDING and rests < 20:
        with time_machine.travel(now):
            sending.send(mailing)
            mailing.refresh_from_db()
            assert sending.is_sendable(mailing, timezone.now()) is False
        now = mailing.rest_until or now
        rests += 1
    return rests


@pytest.mark.parametrize("fault", ["away", "sender refused"])
def test_provider_that_lets_nobody_in_pauses_the_mailing_after_a_few_tries(smtp_server, fault, caplog):
    mailing = ready_mailing(readers=30)
    if fault == "away":
        smtp_server.go_away()
    else:
        smtp_server.faults.refuse_sender = "530 5.7.0 authentication required"

    assert pauses_after(mailing) == 5

    assert states(mailing) == {"queued": 30}
    assert mailing.reason.startswith("The mail server")
    assert f"Mailing {mailing.pk} is paused" in caplog.text
    assert not Delivery.objects.exclude(attempts=0).exists()
    assert Subscriber.objects.confirmed().count() == 30


@pytest.mark.parametrize(
    "fault", [{"refuse_greeting": 1}, {"refuse_sender": "421 4.7.0 too fast"}, {"refuse_sender": "451 4.3.0 later"}]
)
def test_provider_that_is_busy_is_asked_more_and_more_seldom_and_a_person_only_after_a_day(smtp_server, fault):
    mailing = ready_mailing(readers=30)
    for name, value in fault.items():
        setattr(smtp_server.faults, name, value)
    begin = now = timezone.now()
    rests = []

    while state_of(mailing) == State.SENDING:
        with time_machine.travel(now, tick=False):
            sending.send(mailing)
            mailing.refresh_from_db()
        rests.append(mailing.rest_until - now)
        now = mailing.rest_until

    assert rests[:4] == [timedelta(seconds=seconds) for seconds in (15, 15, 30, 60)]
    assert max(rests) == timedelta(hours=1)
    assert timedelta(days=1) <= now - begin < timedelta(hours=26)
    assert mailing.state == State.PAUSED
    assert states(mailing) == {"queued": 30}
    assert not Delivery.objects.exclude(attempts=0).exists()


def test_mailing_goes_on_by_itself_when_the_provider_is_less_busy(smtp_server):
    mailing = ready_mailing(readers=30)
    smtp_server.faults.refuse_greeting = 1
    sending.send(mailing)
    smtp_server.faults.refuse_greeting = 0

    with time_machine.travel(timezone.now() + timedelta(seconds=16)):
        send_all(mailing)

    assert states(mailing) == {"accepted": 30}
    assert mailing.reception.shut_since is None


def test_provider_that_allows_fewer_lines_than_we_have_is_sent_to_over_those(smtp_server, settings):
    settings.NEWSLETTER_CONNECTIONS = 8
    smtp_server.faults.most_connections = 3
    mailing = ready_mailing(readers=100)

    send_all(mailing)

    assert states(mailing) == {"accepted": 100}
    assert mailing.rest_until is None


def test_mailing_goes_on_by_itself_when_the_provider_is_back_in_time(smtp_server):
    mailing = ready_mailing(readers=5)
    smtp_server.go_away()
    sending.send(mailing)
    smtp_server.listen()

    with time_machine.travel(timezone.now() + timedelta(seconds=6)):
        send_all(mailing)

    assert states(mailing) == {"accepted": 5}
    assert mailing.refusals == 0


def test_provider_that_blocks_us_pauses_the_mailing_and_stops_nobodys_mail(smtp_server, settings):
    settings.NEWSLETTER_CONNECTIONS = 1
    mailing = ready_mailing(readers=20)
    smtp_server.faults.refuse_recipient = {"@": "550 5.7.515 you do not meet our requirements"}

    send_all(mailing)

    assert mailing.state == State.PAUSED
    assert "5.7.515" in mailing.reason
    assert states(mailing) == {"failed": 5, "queued": 15}
    assert Subscriber.objects.confirmed().count() == 20
    smtp_server.faults.refuse_recipient = {}
    control.retry_failed(mailing)
    control.resume(mailing)
    send_all(mailing)
    assert states(mailing) == {"accepted": 20}


def test_provider_that_puts_everybody_off_gets_a_rest(smtp_server, settings):
    settings.NEWSLETTER_CONNECTIONS = 1
    mailing = ready_mailing(readers=40)
    smtp_server.faults.refuse_recipient = {"@": "451 4.7.0 slow down"}

    send_all(mailing)

    assert mailing.state == State.SENDING
    assert mailing.rest_until > timezone.now() + timedelta(minutes=4)
    assert len(smtp_server.tries) == 20


def test_some_bad_addresses_in_a_row_do_not_pause(smtp_server, settings):
    settings.NEWSLETTER_CONNECTIONS = 1
    mailing = ready_mailing(readers=40)
    smtp_server.faults.refuse_recipient = {
        subscriber.address: "550 5.1.1 unknown" for subscriber in Subscriber.objects.order_by("pk")[:19]
    }

    send_all(mailing)

    assert states(mailing) == {"accepted": 21, "failed": 19}


def refuse_some(smtp_server, answer: str, *, every: int) -> None:
    """Have the server refuse every so manieth reader for good."""
    addresses = Subscriber.objects.order_by("pk").values_list("address", flat=True)
    smtp_server.faults.refuse_recipient = dict.fromkeys(addresses[::every], answer)


@pytest.mark.parametrize("answer", ["550 5.1.1 no such user", "550 5.7.1 we do not want your mail"])
def test_provider_that_refuses_every_other_mail_pauses_the_mailing_and_takes_off_nobody(smtp_server, answer, caplog):
    mailing = ready_mailing(readers=200)
    refuse_some(smtp_server, answer, every=2)

    send_all(mailing)

    assert mailing.state == State.PAUSED
    assert mailing.reason.startswith("The mail server refuses 2")
    assert answer in mailing.reason
    assert f"Mailing {mailing.pk} is paused" in caplog.text
    assert len(smtp_server.tries) < 60
    assert Subscriber.objects.confirmed().count() == 200
    assert control.resume(mailing)
    smtp_server.faults.refuse_recipient = {}
    send_all(mailing)
    assert states(mailing)["accepted"] > 150
    assert mailing.state == State.DONE


def test_share_of_refused_mails_is_known_from_one_turn_to_the_next(smtp_server, settings):
    """By the minute there are few mails to judge by."""
    settings.NEWSLETTER_LIMITS = {"minute": 6, "hour": 0, "day": 0}
    mailing = ready_mailing(readers=200)
    refuse_some(smtp_server, "550 5.1.1 no such user", every=2)
    now = timezone.now()

    for minutes in range(0, 30, 2):
        with time_machine.travel(now + timedelta(minutes=minutes)):
            sending.send(mailing)

    assert state_of(mailing) == State.PAUSED
    assert len(smtp_server.tries) < 60
    assert Subscriber.objects.confirmed().count() > 190


def test_list_with_some_dead_addresses_is_sent_and_loses_them(smtp_server):
    mailing = ready_mailing(readers=200)
    refuse_some(smtp_server, "550 5.1.1 no such user", every=5)

    send_all(mailing)

    assert mailing.state == State.DONE
    assert states(mailing) == {"accepted": 160, "failed": 40}
    assert Subscriber.objects.confirmed().count() == 160


def test_address_the_server_does_not_know_gets_no_more_mail(smtp_server):
    mailing = ready_mailing(readers=3)
    gone = Subscriber.objects.first()
    smtp_server.faults.refuse_recipient = {gone.address: "550 5.1.1 no such user"}

    send_all(mailing)

    gone.refresh_from_db()
    assert (gone.state, gone.ended) == ("left", "bounced")
    assert Subscriber.objects.confirmed().count() == 2


def test_reader_erased_while_the_server_refuses_takes_no_other_readers_mail_out_of_the_books(
    smtp_server, monkeypatch, transactional_db
):
    mailing = ready_mailing(readers=6)
    gone = Subscriber.objects.order_by("pk").first()
    smtp_server.faults.refuse_recipient = {gone.address: "550 5.1.1 no such user"}
    in_the_middle(monkeypatch, lambda: Subscriber.objects.filter(pk=gone.pk).delete())

    send_all(mailing)

    assert states(mailing) == {"accepted": 5, "failed": 1}
    assert not BounceReport.objects.exists()


def test_mail_we_cannot_write_says_nothing_of_the_reader(smtp_server, monkeypatch):
    mailing = ready_mailing(readers=1)
    monkeypatch.setattr(sending.Crew, "write", lambda self, parcel, reader: 1 / 0)

    send_all(mailing)

    assert states(mailing) == {"failed": 1}
    assert not BounceReport.objects.exists()


def test_mailbox_that_stays_full_for_days_counts_once_as_a_temporary_refusal(smtp_server):
    mailing = ready_mailing(readers=1)
    smtp_server.faults.refuse_recipient = {"@": "452 4.2.2 mailbox full"}
    mailing.deliveries.update(attempts=len(ledger.RETRY_PAUSES))

    send_all(mailing)

    assert states(mailing) == {"failed": 1}
    assert [(report.kind, report.status) for report in BounceReport.objects.all()] == [("soft", "4.2.2")]


# --- Limits ---------------------------------------------------------------------------------------


def test_limit_by_the_minute_is_kept_and_the_end_foretold(smtp_server, settings):
    settings.NEWSLETTER_LIMITS = {"minute": 10, "hour": 0, "day": 0}
    mailing = ready_mailing(readers=25)

    send_all(mailing)
    now = timezone.now()
    assert states(mailing) == {"accepted": 10, "queued": 15}
    assert now + timedelta(seconds=110) < control.report(mailing, now)["ends_at"] < now + timedelta(seconds=130)
    with time_machine.travel(now + timedelta(seconds=31)):
        assert sending.send(mailing) == 0
    with time_machine.travel(now + timedelta(seconds=70)):
        send_all(mailing)
    assert states(mailing) == {"accepted": 20, "queued": 5}
    with time_machine.travel(now + timedelta(seconds=140)):
        send_all(mailing)

    assert states(mailing) == {"accepted": 25}


def test_only_mails_that_were_begun_count_towards_a_limit(smtp_server, settings):
    settings.NEWSLETTER_CONNECTIONS = 2
    settings.NEWSLETTER_LIMITS = {"minute": 0, "hour": 0, "day": 30}
    mailing = ready_mailing(readers=40)
    Subscriber.objects.order_by("pk").first().leave()
    smtp_server.faults.seconds_a_mail = 0.02

    sending.send(mailing, seconds=0.1)
    tried = len(smtp_server.tries)
    assert 0 < tried < 30
    assert pacing.taken_within(timedelta(days=1), timezone.now()) == tried

    send_all(mailing)
    assert states(mailing) == {"accepted": 30, "excluded": 1, "queued": 9}


@pytest.mark.parametrize("limit", [0, 30])
def test_worker_killed_with_mails_claimed_has_spent_no_more_than_it_began(settings, limit):
    settings.NEWSLETTER_LIMITS = {"minute": 0, "hour": 0, "day": limit}
    mailing = ready_mailing(readers=40)
    killed = ledger.Ledger(mailing)

    with killed.opened():
        killed.turn([], 3)

        assert pacing.taken_within(timedelta(days=1), timezone.now()) <= 3


def test_end_is_foretold_by_what_was_sent_and_not_by_what_was_claimed(smtp_server):
    mailing = ready_mailing(readers=40)
    book = ledger.Ledger(mailing)

    with book.opened():
        book.turn([], 4)

    assert pacing.taken_within(timedelta(minutes=1), timezone.now()) == 4


def test_limits_count_all_mailings_together_and_the_strictest_wins(settings):
    settings.NEWSLETTER_LIMITS = {"minute": 10, "hour": 15, "day": 1000}
    now = timezone.now()

    assert pacing.take(8, now) == 8
    assert pacing.take(8, now) == 2
    assert pacing.take(8, now + timedelta(seconds=30)) == 0
    assert pacing.take(8, now + timedelta(seconds=70)) == 5
    pacing.give_back(3, now + timedelta(seconds=70))
    assert pacing.take(8, now + timedelta(minutes=3)) == 3
    assert pacing.allowance(now + timedelta(minutes=4)) == 0
    assert pacing.allowance(now + timedelta(minutes=62)) == 10


def test_no_window_of_a_minute_ever_holds_more_than_the_limit(settings):
    settings.NEWSLETTER_LIMITS = {"minute": 10, "hour": 0, "day": 0}
    start = timezone.now().replace(second=58, microsecond=0)
    taken = []
    for second in range(0, 200, 3):
        taken += [second] * pacing.take(4, start + timedelta(seconds=second))

    assert len(taken) > 25
    assert all(sum(first <= second < first + 60 for second in taken) <= 10 for first in range(200))


def test_end_of_a_long_mailing_follows_the_days_limit(settings):
    settings.NEWSLETTER_LIMITS = {"minute": 0, "hour": 0, "day": 100}
    now = timezone.now()

    assert pacing.ends_at(0, now) == now
    assert pacing.ends_at(100, now) == now
    assert pacing.ends_at(250, now) == now + timedelta(days=2)
    settings.NEWSLETTER_LIMITS = {"minute": 0, "hour": 0, "day": 0}
    assert pacing.ends_at(250, now) is None
    pacing.take(50, now)
    assert pacing.ends_at(250, now) == now + timedelta(minutes=5)
