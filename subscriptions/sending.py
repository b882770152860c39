"""Sending a mailing: from queued rows to a mail server's answers.

One thread keeps the books (subscriptions/ledger.py) and alone talks to the database; the others each have one
connection to the provider and know of nothing else. Many processes may send the same mailing."""

import logging
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic, sleep

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format

from reviews.models import Review
from subscriptions import control, digests, mailers, permit, releases
from subscriptions.bounces import return_path
from subscriptions.frame import Frame, wire_form
from subscriptions.ledger import BEAT_SECONDS, LONGEST_PAUSE, LONGEST_WAIT, SHUT_OUT, Evicted, Ledger, Parcel
from subscriptions.letters import Links
from subscriptions.models import Delivery, Mailing, Subscriber
from subscriptions.outcome import Fate, Outcome

logger = logging.getLogger(__name__)

SLICE_SECONDS = 5  # other tasks get their turn, and a worker that is to stop ends in time
WRITE_AGAIN_SECONDS = (1, 5, 15)
ATTENDED = timedelta(minutes=1)  # so seldom it is noted that a worker is there
GATHER_SECONDS = 0.001  # so that one transaction, and one write to the disk, serves several mails
UNFINISHED = (Delivery.State.QUEUED, Delivery.State.CLAIMED, Delivery.State.SENDING)


def start_due(now: datetime) -> int:
    """Have the mailings whose time has come prepared; how many. What is overdue by more than a day is held."""
    waiting = Mailing.objects.filter(state=Mailing.State.WAITING, due_at__lte=now)
    for mailing in waiting.filter(due_at__lt=now - releases.OLD):
        waiting.filter(pk=mailing.pk).update(state=Mailing.State.HELD, reason=releases.overdue_since(mailing.due_at))
    if not waiting.exists() or not permit.may_send():
        return 0
    permit.count_up()
    return waiting.update(state=Mailing.State.PREPARING, started_at=now, attended_at=now)


def look_after(mailing: Mailing, now: datetime) -> bool:
    """Note that a worker is here for a mailing under way. False, and it is held, if for more than a day none was: what
    rests, or waits for a limit, is looked after all the same."""
    unchanged = Mailing.objects.filter(pk=mailing.pk, state__in=control.UNDER_WAY, attended_at=mailing.attended_at)
    if mailing.attended_at and mailing.attended_at < now - releases.OLD:
        unchanged.update(state=Mailing.State.HELD, reason=_left_alone_since(mailing.attended_at))
        return False
    if mailing.attended_at is None or mailing.attended_at < now - ATTENDED:
        unchanged.update(attended_at=now)
    return True


def _left_alone_since(moment: datetime) -> str:
    when = date_format(timezone.localtime(moment), "j F Y, H:i")
    return f"It was under way on {when}, and then nothing was sent for more than a day. Is the rest still to be sent?"


def is_sendable(mailing: Mailing, now: datetime) -> bool:
    """Whether there is anything to send at this moment."""
    not_put_off = Q(not_before=None) | Q(not_before__lte=now) | Q(not_before__gt=now + LONGEST_PAUSE)
    queued = mailing.deliveries.filter(not_put_off, state=Delivery.State.QUEUED)
    may_go = mailing.rest_until is None or not now < mailing.rest_until <= now + LONGEST_WAIT
    return mailing.state == Mailing.State.SENDING and may_go and queued.exists()


def send(mailing: Mailing, seconds: float = SLICE_SECONDS) -> int:
    """Send a mailing for some seconds, then finish it if nothing is left; how many mails were tried.

    Safe to run any number of times, beside itself, and to be killed."""
    mailing.refresh_from_db()
    tried, now = 0, timezone.now()
    if not look_after(mailing, now):
        return 0
    if is_sendable(mailing, now) and permit.may_send() and _is_still_right(mailing):
        permit.count_up()
        tried = _send(mailing, seconds)
        if tried:
            permit.count_up()  # once more: a backup made meanwhile knows of too little
    finish(mailing)
    return tried


def _is_still_right(mailing: Mailing) -> bool:
    """Pauses the mailing of a review that readers cannot see any more, and leaves such reviews out of a digest."""
    if mailing.kind == Mailing.Kind.DIGEST:
        digests.leave_out_withdrawn(mailing)
        return True
    if Review.objects.published().filter(pk=mailing.review_id).exists():
        return True
    sending = Mailing.objects.filter(pk=mailing.pk, state=Mailing.State.SENDING)
    sending.update(state=Mailing.State.PAUSED, reason="The review is not public any more.")
    return False


def _send(mailing: Mailing, seconds: float) -> int:
    ledger, crew = Ledger(mailing), Crew(mailing)
    done, tried, end = [], 0, monotonic() + seconds
    with ledger.opened():
        try:
            while True:
                is_over = ledger.is_stopped or monotonic() > end
                parcels = ledger.turn(done, 0 if is_over else crew.idle)
                done = []
                tried += len(parcels)
                crew.give(parcels)
                if crew.idle < crew.size:
                    done = crew.results(BEAT_SECONDS)
                    if crew.shut_out and not crew.lines:
                        ledger.shut_out(crew.shut_out)
                elif is_over or (ledger.is_dry and not ledger.stock):
                    break
        except Evicted:
            logger.warning("A sender of mailing %s was silent for too long; it stops", mailing.pk)
        finally:
            _write_at_last(ledger, done + crew.dismissed())
    return tried


def _write_at_last(ledger: Ledger, done: list[tuple[Parcel, Outcome]]) -> None:
    """What we know of the last mails is written down even if the database is away for a moment, or we are evicted."""
    for pause in (*WRITE_AGAIN_SECONDS, None):
        try:
            if done:
                ledger.record(done)
            break
        except DatabaseError:
            if pause is None:
                raise
            if not connection.in_atomic_block:
                connection.close()
            sleep(pause)


def finish(mailing: Mailing) -> bool:
    """Call a mailing done if nothing is waiting or in hand any more; whether it is so from now on."""
    with transaction.atomic():
        locked = Mailing.objects.select_for_update().filter(pk=mailing.pk, state=Mailing.State.SENDING)
        if not locked or mailing.deliveries.filter(state__in=UNFINISHED).exists():
            return False
        return bool(locked.update(state=Mailing.State.DONE, finished_at=timezone.now(), rest_until=None, refusals=0))


class Crew:
    """The lines to the provider, each with a thread of its own."""

    def __init__(self, mailing: Mailing, size: int | None = None):
        self.size = self.idle = size or settings.NEWSLETTER_CONNECTIONS
        self.frame, self.links = Frame(mailing.content), Links(mailing.identity)
        self.identity = mailing.identity
        self.inbox: SimpleQueue[Parcel | None] = SimpleQueue()
        self.outbox: SimpleQueue[tuple[Parcel, Outcome]] = SimpleQueue()
        self.threads: list[Thread] = []
        self.lines = 0
        """How many threads work. Those whose line the provider does not let in go home, and the crew is the smaller."""
        self.shut_out: list[Outcome] = []
        """What they were told."""

    def give(self, parcels: list[Parcel]) -> None:
        for parcel in parcels:
            self.idle -= 1
            if self.lines < self.size - self.idle:
                self.lines += 1
                self.threads.append(Thread(target=self._work, daemon=True))
                self.threads[-1].start()
            self.inbox.put(parcel)

    def results(self, seconds: float) -> list[tuple[Parcel, Outcome]]:
        """What has ended, after some seconds' waiting for the first."""
        found = []
        try:
            found.append(self.outbox.get(timeout=seconds))
            if self.size - self.idle > 1:
                sleep(GATHER_SECONDS)
            while True:
                found.append(self.outbox.get_nowait())
        except Empty:
            shut_out = [outcome for _parcel, outcome in found if outcome.fate in SHUT_OUT]
            self.shut_out += shut_out
            self.lines -= len(shut_out)
            self.size -= len(shut_out)
            self.idle += len(found) - len(shut_out)
            return found

    def dismissed(self) -> list[tuple[Parcel, Outcome]]:
        """Send everyone home; what the last mails came to, however long the server takes to say so."""
        for _thread in self.threads:
            self.inbox.put(None)
        for thread in self.threads:
            thread.join()
        return self.results(0) if self.idle < self.size else []

    def _work(self) -> None:
        line = mailers.new_line()
        reader = Subscriber()  # one for all: making one takes longer than writing the mail
        while parcel := self.inbox.get():
            reader.pk, reader.address, reader.secret = parcel.reader_id, parcel.address, parcel.secret
            outcome = self._handed_over(line, parcel, reader)
            self.outbox.put((parcel, outcome))
            if outcome.fate in SHUT_OUT:
                break
        line.quit()

    def write(self, parcel: Parcel, reader: Subscriber) -> tuple[str, str, bytes]:
        """The sender and the recipient of the envelope, and the message."""
        items, reasons = read_reasons(parcel.reasons)
        message = self.frame.message(
            to=parcel.address,
            identity=self.identity,
            delivery_id=parcel.delivery_id,
            items=items,
            reasons=reasons,
            links=self.links.of(reader),
        )
        return return_path(parcel.delivery_id, reader), wire_form(parcel.address)[0], message

    def _handed_over(self, line: mailers.Line, parcel: Parcel, reader: Subscriber) -> Outcome:
        try:
            sender, recipient, message = self.write(parcel, reader)
        except ValueError:
            return Outcome(Fate.UNSENT, "Not sent: this is no address that mail can be sent to.")
        except Exception:
            logger.exception("Delivery %s cannot be written", parcel.delivery_id)
            return Outcome(Fate.UNSENT, "Not sent: this mail could not be written.")
        try:
            return line.send(sender, recipient, message)
        except Exception:
            logger.exception("Delivery %s ended in an unforeseen way", parcel.delivery_id)
            return Outcome(Fate.UNKNOWN, "An unforeseen error while it was handed over.")


def read_reasons(stored: list | dict) -> tuple[list[int] | None, list[str]]:
    """Delivery.reasons taken apart: which items of the snapshot (None for all), and the sentences why."""
    return (stored["items"], stored["reasons"]) if isinstance(stored, dict) else (None, stored)
