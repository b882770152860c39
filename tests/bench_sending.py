"""`python -m tests.bench_sending`: preparing a mailing and a digest to 100,000 readers, and sending to a mail server on
this machine.

    python -m tests.bench_sending [READERS] [MAILS]

Beside it, the same server takes ready-made messages from a bare loop of smtplib over one connection: the ratio is the
figure to compare. Everything has a process of its own: the server, the loop, the worker. The database is SQLite in a
temporary folder, or the one that DATABASE_URL names (it must be empty).
"""

import asyncio
import json
import os
import resource
import smtplib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).resolve().parent.parent


class Sink(asyncio.Protocol):
    """A mail server that takes everything and keeps nothing: as quick as Python gets, to be no bottleneck."""

    def connection_made(self, transport):
        self.transport, self.rest, self.in_message = transport, b"", False
        transport.write(b"220 sink\r\n")

    def data_received(self, data):
        self.rest += data
        while self.rest:
            end = b"\r\n.\r\n" if self.in_message else b"\r\n"
            head, found, rest = self.rest.partition(end)
            if not found:
                return
            self.rest = rest
            self.transport.write(b"250 2.0.0 taken\r\n" if self.in_message else self.answer(head[:4].upper()))
            self.in_message = not self.in_message and head[:4].upper() == b"DATA"

    def answer(self, command):
        return {b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}.get(command, b"250 ok\r\n")


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Sink, "127.0.0.1", port)
    await server.serve_forever()


def bare_loop(port: int, mails: int, size: int) -> None:
    line = b"A line of a letter as long as lines of letters are, in quoted-printable.\r\n"
    message = b"Subject: Ready-made\r\n\r\n" + line * (size // len(line))
    sent = []
    with measured(lambda: len(sent)), smtplib.SMTP("127.0.0.1", port) as smtp:
        for number in range(mails):
            smtp.sendmail("letters@example.org", f"reader{number}@example.org", message)
            sent.append(number)


@contextmanager
def measured(counted: Callable[[], int]):
    """Prints what the block took, and how many mails or rows there are more after it."""
    before, cpu, began = counted(), time.process_time(), time.monotonic()
    yield
    figures = {"seconds": time.monotonic() - began, "cpu": time.process_time() - cpu, "count": counted() - before}
    print(json.dumps(figures | {"megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


def set_up(readers: int) -> None:
    """A publication with one review just published, to be mailed to so many readers."""
    from django.core.management import call_command
    from django.utils import timezone

    from subscriptions import releases
    from subscriptions.models import SendingPermit, Subscriber
    from tests.factories import FilmFactory, PersonFactory, ReviewFactory

    call_command("migrate", verbosity=0)
    now = timezone.now()
    paragraph = "<p>" + "The camera waits where another would look away, and so do we. " * 12 + "</p>"
    film = FilmFactory(title="Gaslight", directors=[PersonFactory(name="George Cukor")])
    review = ReviewFactory(film=film, published_at=now, body=paragraph * 4)
    for start in range(0, readers, 10_000):
        Subscriber.objects.bulk_create(
            Subscriber(address=f"reader{n}@example.org", key=f"reader{n}@example.org", confirmed_at=now)
            for n in range(start, min(start + 10_000, readers))
        )
    releases.decide(review, "now", now=now)
    releases.release_due(now)
    SendingPermit.objects.all().delete()


def prepare() -> None:
    from django.utils import timezone

    from subscriptions import control, preparing, sending
    from subscriptions.models import Mailing

    mailing = Mailing.objects.get()
    control.send_now(mailing)
    sending.start_due(timezone.now())
    with measured(mailing.deliveries.count):
        assert preparing.prepare(mailing, seconds=600)


def set_up_digest(days: int = 35, reviews_a_day: int = 6, follows: int = 5) -> None:
    """Makes them all readers of a daily digest who follow something, and have had it every day but for the last."""
    from datetime import timedelta
    from uuid import uuid4

    from django.db import connection
    from django.utils import timezone

    from subscriptions.models import Follow, Mailing, Release, Subscriber
    from tests.factories import FilmFactory, PersonFactory, ReviewFactory

    now = timezone.now()
    people = PersonFactory.create_batch(100)
    Subscriber.objects.update(rhythm="daily", hour=8, confirmed_at=now - timedelta(days=400))
    held = []
    for day in range(days, 0, -1):
        slot = now - timedelta(days=day - 1)
        for number in range(reviews_a_day):
            film = FilmFactory(directors=[people[(day * reviews_a_day + number) % len(people)]])
            moment = slot - timedelta(hours=1 + number)
            review = ReviewFactory(film=film, published_at=moment)
            Release.objects.create(review=review, choice="digest", decided_at=moment, released_at=moment)
            held.append(review.pk)
        state = "done" if day > 1 else "preparing"
        values = {"kind": "digest", "rhythm": "daily", "slot": slot, "due_at": slot, "covers_to": slot, "state": state}
        snapshot = (
            {"content": {"items": [{"review_id": pk} for pk in held]}, "review_ids": list(held)} if day > 1 else {}
        )
        mailing = Mailing.objects.create(identity=uuid4(), hours=[[day, 8] for day in range(7)], **values, **snapshot)
        if day > 1:
            why = json.dumps({"items": list(range(len(held)))[-reviews_a_day:], "reasons": ["You asked for a letter"]})
            with connection.cursor() as cursor:
                cursor.execute(
                    "INSERT INTO subscriptions_delivery"
                    " (mailing_id, subscriber_id, state, reasons, attempts, worker, changed_at, answer)"
                    " SELECT %s, id, 'accepted', %s, 1, '', confirmed_at, '' FROM subscriptions_subscriber",
                    [mailing.pk, why],
                )
    keys = list(Subscriber.objects.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(keys), 10_000):
        Follow.objects.bulk_create(
            Follow(subscriber_id=key, person=people[(key * 7 + number) % len(people)])
            for key in keys[start : start + 10_000]
            for number in range(follows)
        )


def prepare_digest() -> None:
    from subscriptions import preparing
    from subscriptions.models import Mailing

    mailing = Mailing.objects.get(state="preparing")
    with measured(mailing.deliveries.count):
        assert preparing.prepare(mailing, seconds=600)


def send(mails: int) -> None:
    """Sends until so many have gone out, in the slices of a worker."""
    from subscriptions import sending
    from subscriptions.models import Delivery, Mailing

    mailing, sent = Mailing.objects.get(kind="review"), 0
    with measured(Delivery.objects.filter(state="accepted").count):
        while sent < mails and (tried := sending.send(mailing)):
            sent += tried


def size_of_one() -> None:
    from subscriptions.frame import Frame
    from subscriptions.letters import Links
    from subscriptions.models import Delivery, Mailing

    mailing, delivery = Mailing.objects.get(), Delivery.objects.select_related("subscriber").first()
    reader = delivery.subscriber
    links = Links(mailing.identity).of(reader)
    print(len(Frame(mailing.content).message(to=reader.address, identity=mailing.identity, delivery_id=1, links=links)))


PARTS = {"set_up": set_up, "prepare": prepare, "send": send, "size_of_one": size_of_one}
PARTS |= {"set_up_digest": set_up_digest, "prepare_digest": prepare_digest}


def part(site: dict, name: str, *arguments: object) -> str:
    command = [sys.executable, "-m", "tests.bench_sending", name, *map(str, arguments)]
    return subprocess.run(command, env=site, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def told(what: str, figures: dict) -> float:
    rate = figures["count"] / figures["seconds"]
    cpu = figures["cpu"] * 1000 / figures["count"]
    print(
        f"{what:<28} {figures['count']:>8} {figures['seconds']:>8.1f} s {rate:>8.0f}/s {cpu:>7.2f} ms CPU each"
        f" {figures['megabytes']:>6.0f} MB",
        flush=True,
    )
    return rate


def main(readers: int = 100_000, mails: int = 10_000) -> None:
    with tempfile.TemporaryDirectory(prefix="rushes-bench-") as folder:
        port = free_port()
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "DATABASE_URL") if name in os.environ}
        own = {"SECRET_KEY": "only-for-the-bench-" * 3, "DATA_DIR": folder, "MALLOC_ARENA_MAX": "2"}
        own |= {"DJANGO_SETTINGS_MODULE": "config.settings", "NEWSLETTER_MAIL_URL": f"smtp://127.0.0.1:{port}"}
        site = keep | own
        print(f"{os.cpu_count()} cores, load before {os.getloadavg()[0]:.1f}", flush=True)
        sink = subprocess.Popen([sys.executable, "-m", "tests.bench_sending", "sink", str(port)], cwd=ROOT)
        try:
            mails = min(mails, readers // 5)  # the second run sends four times as many
            part(site, "set_up", readers)
            told("preparing", json.loads(part(site, "prepare")))
            size = int(part(site, "size_of_one"))
            bare = told("bare loop of smtplib", json.loads(part(site, "bare", port, mails, size)))
            ours = told("sending", json.loads(part(site, "send", mails)))
            again = json.loads(part(site, "send", mails * 4))
            told("sending four times as many", again)
            part(site, "set_up_digest")
            told("preparing a digest", json.loads(part(site, "prepare_digest")))
            print(f"ratio {ours / bare:.2f}, with messages of {size} bytes")
        finally:
            sink.terminate()
            sink.wait()


if __name__ == "__main__":
    name, arguments = (sys.argv[1:2] or [""])[0], [int(word) for word in sys.argv[2:]]
    if name == "sink":
        asyncio.run(serve(*arguments))
    elif name == "bare":
        bare_loop(*arguments)
    elif name in PARTS:
        import django

        django.setup()
        PARTS[name](*arguments)
    else:
        main(*[int(word) for word in sys.argv[1:]])
