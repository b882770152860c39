from pathlib import Path

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from subscriptions import importing


class Command(BaseCommand):
    """Import readers from a CSV file that WordPress, Ghost, Mailchimp or Substack exported. Safe to repeat."""

    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="Only say what would happen.")
        parser.add_argument(
            "--i-have-consent", action="store_true", help=f"Needed to import. It states: {importing.STATEMENT}"
        )

    def handle(self, *args, file, dry_run, i_have_consent, **options):
        if not dry_run and not i_have_consent:
            raise CommandError(f"Give --dry-run, or --i-have-consent, which states: {importing.STATEMENT}")
        try:
            report = importing.run(file, None if dry_run else importing.Origin(file.name, by="the command line"))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}") from None
        self.stdout.write(f"{report.rows} rows, from {report.system}.")
        for many, words in report.lines:
            self.stdout.write(f"{many} {words}.")
        for line, reason in report.faults:
            self.stderr.write(f"Line {line}: {reason}")
