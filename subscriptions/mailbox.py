"""The mailbox that reports come back to, where the mail server cannot hand them to us by itself."""

import contextlib
import imaplib
import poplib
from collections.abc import Callable
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.tasks import task

from config.tasks import every
from subscriptions import bounces, reports

TIMEOUT_SECONDS = 30
MOST_AT_ONCE = 200  # a task may not take longer than its lease
ERRORS = (imaplib.IMAP4.error, poplib.error_proto)


def fetch(address: str, receive: Callable[[bytes], object] = bounces.receive) -> int:
    """Read what is new in the mailbox (imaps://user:password@host/INBOX, or pop3s://…); how many mails there were.

    Reports are deleted when they are counted. In an IMAP mailbox other mail stays, marked as read; from a POP one,
    which has no such mark, everything is taken. Raises OSError, IMAP4.error or error_proto if it cannot be read."""
    place = urlsplit(address)
    read = _read_imap if place.scheme.startswith("imap") else _read_pop
    return read(place, unquote(place.username or ""), unquote(place.password or ""), receive)


def _read_imap(place, user: str, password: str, receive: Callable[[bytes], object]) -> int:
    kind = imaplib.IMAP4_SSL if place.scheme == "imaps" else imaplib.IMAP4
    with kind(place.hostname, place.port or (993 if place.scheme == "imaps" else 143), timeout=TIMEOUT_SECONDS) as box:
        box.login(user, password)
        folder = unquote(place.path.strip("/")) or "INBOX"
        if box.select('"{}"'.format(folder.replace('"', "")))[0] != "OK":
            raise imaplib.IMAP4.error(f"There is no folder {folder}")
        _answer, found = box.uid("search", None, "UNSEEN")
        numbers = found[0].split()[:MOST_AT_ONCE]
        for number in numbers:
            _answer, parts = box.uid("fetch", number, f"(BODY.PEEK[]<0.{reports.MOST_BYTES}>)")
            raw = next((part[1] for part in parts if isinstance(part, tuple)), b"")
            receive(raw)
            flags = r"(\Seen \Deleted)" if reports.read(raw) else r"(\Seen)"
            box.uid("store", number, "+FLAGS", flags)
        box.expunge()
    return len(numbers)


def _read_pop(place, user: str, password: str, receive: Callable[[bytes], object]) -> int:
    kind = poplib.POP3_SSL if place.scheme == "pop3s" else poplib.POP3
    box = kind(place.hostname, place.port or (995 if place.scheme == "pop3s" else 110), timeout=TIMEOUT_SECONDS)
    with contextlib.closing(box):
        box.user(user)
        box.pass_(password)
        numbers = range(1, min(box.stat()[0], MOST_AT_ONCE) + 1)
        for number in numbers:
            receive(b"\r\n".join(box.retr(number)[1]))
            box.dele(number)
        box.quit()
    return len(numbers)


@task(queue_name="mail")
def fetch_reports() -> int:
    """Read the mailbox named in the environment."""
    return fetch(settings.BOUNCE_MAILBOX_URL) if settings.BOUNCE_MAILBOX_URL else 0


@every(seconds=300)
def ask_for_reports() -> None:
    """Have it read every five minutes."""
    if settings.BOUNCE_MAILBOX_URL:
        fetch_reports.enqueue()
