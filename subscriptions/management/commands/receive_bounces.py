import os
import sys

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from subscriptions import bounces, mailbox
from subscriptions.reports import MOST_BYTES

TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: the mail server keeps the mail and pipes it again


class Command(BaseCommand):
    help = "Read one mail that came back from standard input, or with --fetch those in BOUNCE_MAILBOX_URL."
    requires_system_checks = []

    def add_arguments(self, parser):
        parser.add_argument("--fetch", action="store_true", help="read the mailbox instead of standard input")
        parser.add_argument(
            "--to",
            default=os.environ.get("ORIGINAL_RECIPIENT") or os.environ.get("RECIPIENT") or "",
            help="the address it came to, where its headers do not say (Postfix and Exim set it in the environment)",
        )

    def handle(self, *, fetch, to, **options):
        try:
            if fetch:
                self.fetch()
            else:
                self.read(sys.stdin.buffer.read(MOST_BYTES), to)
        except DatabaseError as error:
            self.stderr.write(f"Not counted, try again: {type(error).__name__}")
            sys.exit(TRY_AGAIN)

    def read(self, raw: bytes, to: str) -> None:
        report = bounces.receive(raw, to)
        self.stdout.write(f"Counted: {report}" if report else "Nothing to count.")

    def fetch(self) -> None:
        if not settings.BOUNCE_MAILBOX_URL:
            raise CommandError("BOUNCE_MAILBOX_URL is not set.")
        try:
            count = mailbox.fetch(settings.BOUNCE_MAILBOX_URL)
        except (OSError, *mailbox.ERRORS) as error:
            raise CommandError(f"The mailbox cannot be read: {error}") from None
        self.stdout.write(f"Read {count} mails.")
