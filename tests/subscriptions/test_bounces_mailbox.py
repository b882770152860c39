"""The mailbox that reports are fetched from."""

import imaplib
import poplib

import pytest
from django.core.management import CommandError, call_command

from config.tasks import SWEEPS
from subscriptions import mailbox
from tests.subscriptions import returned

REPORT, LETTER = returned.report(), b"Subject: Hello\r\n\r\nNice site."


class FakeImap:
    """A mailbox with two new mails, that notes what is asked of it."""

    asked: list = []

    def __init__(self, host, port, timeout):
        type(self).asked = [("open", host, port)]

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.asked.append("logout")

    def login(self, user, password):
        self.asked.append(("login", user, password))

    def select(self, folder):
        self.asked.append(("select", folder))
        return ("NO" if "Nowhere" in folder else "OK"), []

    def uid(self, command, *arguments):
        self.asked.append((command, *arguments))
        if command == "search":
            return "OK", [b"4 9"]
        return "OK", [(b"...", {b"4": REPORT, b"9": LETTER}[arguments[0]]), b")"]

    def expunge(self):
        self.asked.append("expunge")


class FakePop(FakeImap):
    def user(self, name):
        self.asked.append(("user", name))

    def pass_(self, password):
        self.asked.append(("pass", password))

    def stat(self):
        return 2, 999

    def retr(self, number):
        return b"+OK", [REPORT, LETTER][number - 1].split(b"\r\n"), 0

    def dele(self, number):
        self.asked.append(("dele", number))

    def quit(self):
        self.asked.append("quit")

    def close(self):
        self.asked.append("close")


@pytest.fixture(autouse=True)
def servers(monkeypatch):
    monkeypatch.setattr(imaplib, "IMAP4_SSL", FakeImap)
    monkeypatch.setattr(poplib, "POP3_SSL", FakePop)


def test_reports_are_deleted_from_an_imap_mailbox_and_other_mail_stays():
    received = []

    count = mailbox.fetch("imaps://bounces%40x.example:s%2Fecret@mail.example/Reports", received.append)

    assert (count, received) == (2, [REPORT, LETTER])
    assert FakeImap.asked == [
        ("open", "mail.example", 993),
        ("login", "bounces@x.example", "s/ecret"),
        ("select", '"Reports"'),
        ("search", None, "UNSEEN"),
        ("fetch", b"4", "(BODY.PEEK[]<0.524288>)"),
        ("store", b"4", "+FLAGS", r"(\Seen \Deleted)"),
        ("fetch", b"9", "(BODY.PEEK[]<0.524288>)"),
        ("store", b"9", "+FLAGS", r"(\Seen)"),
        "expunge",
        "logout",
    ]


def test_mail_that_could_not_be_counted_stays_as_it_was():
    def broken(raw):
        raise OSError

    with pytest.raises(OSError, match=r"^$"):
        mailbox.fetch("imaps://me:secret@mail.example", broken)

    assert not [command for command in FakeImap.asked if command[0] == "store"]


def test_pop_mailbox_is_emptied():
    received = []

    assert mailbox.fetch("pop3s://me:secret@mail.example", received.append) == 2
    assert received == [REPORT, LETTER]
    assert FakePop.asked[-4:] == [("dele", 1), ("dele", 2), "quit", "close"]


@pytest.mark.django_db
def test_command_says_what_it_read(settings, capsys):
    settings.BOUNCE_MAILBOX_URL = "imaps://me:secret@mail.example"

    call_command("receive_bounces", "--fetch")

    assert capsys.readouterr().out == "Read 2 mails.\n"


@pytest.mark.parametrize(
    ("address", "words"),
    [("", "BOUNCE_MAILBOX_URL is not set."), ("imaps://me:x@mail.example/Nowhere", "There is no folder Nowhere")],
)
def test_command_says_why_it_cannot(settings, address, words):
    settings.BOUNCE_MAILBOX_URL = address

    with pytest.raises(CommandError, match=words):
        call_command("receive_bounces", "--fetch")


def test_worker_asks_every_five_minutes():
    assert SWEEPS["subscriptions.mailbox.ask_for_reports"].seconds == 300
