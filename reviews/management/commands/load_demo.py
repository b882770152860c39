import secrets
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reviews.demo import loading

DEMO_PASSWORD = "rushes-demo"
OWN_MACHINE = {"localhost", "127.0.0.1", "::1", "testserver"}


class Command(BaseCommand):
    """Fill an empty database with the demo publication; a database with a publication is left alone."""

    help = "Load the demo publication into an empty database."

    def add_arguments(self, parser):
        parser.add_argument("--if-empty", action="store_true", help="say nothing and succeed if there is a publication")

    def handle(self, *, if_empty, **options):
        if not loading.is_empty():
            if if_empty:
                return
            raise CommandError(
                "This database already holds a publication. The demo is for an empty one; nothing was changed."
            )
        is_own_machine = urlsplit(settings.SITE_URL).hostname in OWN_MACHINE
        password = DEMO_PASSWORD if is_own_machine else secrets.token_urlsafe(12)
        counts = loading.load(password)
        self.stdout.write("Loaded " + ", ".join(f"{count} {what}" for what, count in counts.items()) + ".")
        if not is_own_machine:
            self.stdout.write(f"The logins owner, editor and author have the password {password}")
