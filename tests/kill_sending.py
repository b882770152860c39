"""`python -m tests.kill_sending`: a mailing whose worker is killed again and again, and a mail server that does wrong.

    python -m tests.kill_sending [READERS] [KILLS] [SEED]

A real worker in a process of its own sends to a real mail server (aiosmtpd) that cuts connections, refuses for the time
being and for good, and loses answers. The worker gets SIGKILL at random moments, the first while it prepares. At the end
every reader must have exactly one message, or be listed as failed, which the server must have said of them, or as unknown,
with at most one unknown for each lost answer, each message cut off, and each kill and connection.

Only waiting is shortened: a dead worker is missed after two seconds instead of thirty, mails that were put off are tried
again after a second instead of a minute. The database is SQLite in a temporary folder; with DATABASE_URL of a PostgreSQL
server it is a new one there.
"""

import random
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import psycopg2

from tests.subscriptions.smtp_server import Faults, Server

CONNECTIONS = 4
FAULTS = Faults(
    refuse_greeting=29, cut_at_mail=97, cut_at_recipient=89, cut_at_data=83, cut_in_body=79, greylist=31,
    unknown_user=53, busy_after_dot=61, lose_reply=67, mails_a_connection=70, seconds_a_mail=0.002,
)  # fmt: skip
MODULE = ("-m", "tests.kill_sending")
PATIENCE_SECONDS = 600
NAMED = """
SELECT d.id, s.address FROM subscriptions_delivery d JOIN subscriptions_subscriber s ON s.id = d.subscriber_id
"""


def set_up(readers: int) -> None:
    """In the site: a review just published, and so many readers who are to get it at once."""
    from django.utils import timezone

    from subscriptions import releases
    from subscriptions.models import Mailing, Subscriber
    from tests.factories import ReviewFactory

    now = timezone.now()
    Subscriber.objects.bulk_create(
        Subscriber(address=f"reader{n}@example.org", key=f"reader{n}@example.org", confirmed_at=now)
        for n in range(readers)
    )
    releases.decide(review := ReviewFactory(published_at=now), "now", now=now)
    releases.release_due(now)
    Mailing.objects.filter(review=review).update(due_at=now)


def worker() -> None:
    """`manage.py worker`, less patient."""
    from django.core.management import call_command

    from config import tasks
    from config.management.commands import worker as command
    from subscriptions import ledger
    from subscriptions import tasks as ours

    command.SWEEP_SECONDS, command.POLL_SECONDS = 0.3, 0.1
    ledger.SILENT_SECONDS, ledger.BEAT_SECONDS = 2, 0.3
    ledger.RETRY_PAUSES = (timedelta(seconds=1),) * len(ledger.RETRY_PAUSES)
    ledger.MAILING_PAUSES = (timedelta(seconds=0.5),) * len(ledger.MAILING_PAUSES)
    ledger.SHORTEST_WAIT = timedelta(seconds=0.5)
    sweep = tasks.SWEEPS[f"{ours.__name__}.{ours.keep_sending.__name__}"]
    tasks.SWEEPS.clear()
    tasks.SWEEPS[sweep.name] = sweep
    sweep.seconds = 1
    call_command("worker")


def send() -> None:
    """Prepares and sends the one mailing there is, beside whoever else does."""
    from django.utils import timezone

    from subscriptions import preparing, sending
    from subscriptions.models import Mailing

    sending.start_due(timezone.now())
    mailing = Mailing.objects.get()
    while mailing.state in (Mailing.State.PREPARING, Mailing.State.SENDING):
        if preparing.prepare(mailing):
            sending.send(mailing)
        time.sleep(0.05)
        mailing.refresh_from_db()


def rows(site, statement: str) -> list[tuple]:
    """What a query of the site's database finds."""
    address = site.environment.get("DATABASE_URL", "")
    if address.startswith("postgres"):
        connection = psycopg2.connect(address)
    else:
        connection = sqlite3.connect(site.folder / "rushes.sqlite3", timeout=30)
    try:
        cursor = connection.cursor()
        cursor.execute(statement)
        return cursor.fetchall()
    finally:
        connection.close()


def wait_for(condition, what: str):
    """The condition's first true answer; raises when it does not come."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if answer := condition():
            return answer
        time.sleep(0.01)
    raise AssertionError(f"{what} did not happen")


def send_killed(site, server: Server, readers: int, kills: int, seed: int = 1) -> Counter[str]:
    """Send to so many readers while the worker is killed so often; how many rows came to each state.

    Raises AssertionError if anybody has no message, or two, or is not where they should be."""
    dice = random.Random(seed)
    site.environment |= {
        "NEWSLETTER_MAIL_URL": f"smtp://127.0.0.1:{server.port}",
        "NEWSLETTER_CONNECTIONS": str(CONNECTIONS),
    }
    done = site.run(*MODULE, "set_up", str(readers))
    assert done.returncode == 0, done.stderr
    server.faults = FAULTS
    process = killed_while_preparing(site)
    moments = sorted(dice.randrange(readers * 9 // 10) for _ in range(kills - 1))
    for moment in moments:
        goal = max(moment, len(server.taken) + 1)
        wait_for(lambda goal=goal: len(server.taken) >= goal, f"mail {goal}")
        time.sleep(dice.random() * 0.05)
        process.kill()
        process.wait()
        process = site.start(*MODULE, "worker")
    wait_for(lambda: rows(site, "SELECT 1 FROM subscriptions_mailing WHERE state = 'done'"), "the end")
    process.terminate()
    process.wait()
    return audited(site, server, readers, kills)


def killed_while_preparing(site):
    """A worker beside one that was killed with the mailing in preparation: some of its readers written down, or none."""
    process = site.start(*MODULE, "worker")
    wait_for(lambda: rows(site, "SELECT 1 FROM subscriptions_mailing WHERE state <> 'waiting'"), "preparing")
    process.kill()
    process.wait()
    return site.start(*MODULE, "worker")


def audited(site, server: Server, readers: int, kills: int) -> Counter[str]:
    """Compares what the database says with what the server took."""
    states = dict(rows(site, "SELECT id, state FROM subscriptions_delivery"))
    taken = Counter(int(message.message_id.rpartition("@")[0].rpartition(".")[2]) for message in server.taken)
    counts = Counter(states.values())
    assert rows(site, "SELECT total FROM subscriptions_mailing") == [(readers,)]
    assert len(states) == readers
    assert set(counts) <= {"accepted", "failed", "unknown"}, counts
    wrong = [pk for pk, state in states.items() if state == "accepted" and taken[pk] != 1]
    assert not wrong, f"accepted, but taken {[taken[pk] for pk in wrong]} times"
    addresses = dict(rows(site, NAMED))
    named = {state: {addresses[pk] for pk in states if states[pk] == state} for state in ("failed", "unknown")}
    assert named["failed"] <= set(server.refused), "failed, but not by the server's word"
    assert set(server.refused) <= named["failed"] | named["unknown"], "refused, but not listed"
    assert not [pk for pk, state in states.items() if state == "failed" and taken[pk]]
    assert all(taken[pk] <= 1 for pk in states), "a message came twice"
    lost, cut = server.counts["lose_reply"], server.counts["cut_in_body"]  # cut short of a dot that was sent already
    assert lost <= counts["unknown"] <= lost + cut + kills * CONNECTIONS, (counts, lost, cut)
    return counts


def main(readers: int = 10_000, kills: int = 20, seed: int = 1) -> None:
    from tests.config.conftest import Site

    with tempfile.TemporaryDirectory(prefix="rushes-kill-") as folder, Server() as server:
        site = Site(Path(folder), SECRET_KEY="k" * 50)
        site.run("manage.py", "migrate", "--verbosity", "0").check_returncode()
        began = time.monotonic()
        try:
            counts = send_killed(site, server, readers, kills, seed)
        finally:
            site.end()
        faults = {name: count for name, count in server.counts.items() if count and " " not in name}
        print(f"{readers} readers, {kills} kills, {time.monotonic() - began:.0f} s: {dict(counts)}")
        print(f"the server: {len(server.taken)} messages taken, {faults}")


if __name__ == "__main__":
    part, arguments = (sys.argv[1:2] or [""])[0], [int(word) for word in sys.argv[2:]]
    if part in (parts := {"set_up": set_up, "worker": worker, "send": send}):
        import django

        django.setup()
        parts[part](*arguments)
    else:
        main(*[int(word) for word in sys.argv[1:]])
