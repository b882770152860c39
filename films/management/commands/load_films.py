from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from films.entries import FilmFile, Unreadable
from films.importing import Lines, Report, Tell, load_films

INTERRUPTED = 130  # what a shell expects after Ctrl-C


class Command(BaseCommand):
    help = (
        "Load films, people and credits from JSON lines, plain or gzipped. Films that are known already gain only "
        "what they lack, so it can be run again at any time. Exit status 1 if a line had to be skipped."
    )

    def add_arguments(self, parser):
        parser.add_argument("file", help="the file; the first two bytes tell whether it is gzipped")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="say what would be done and write nothing (a film that the file has twice may count as new twice)",
        )

    def handle(self, *, file, dry_run, **options):
        report = Report()
        try:
            with FilmFile(file) as films:
                self._load(films, report, dry_run)
        except Unreadable as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            self._print(report, dry_run)
            raise CommandError(
                "Interrupted. Every film counted is complete; run it again to load the rest.", returncode=INTERRUPTED
            ) from None
        self._print(report, dry_run)
        if films.damage:
            raise CommandError(films.damage)
        if report.skipped:
            raise CommandError(
                "1 line was skipped." if report.skipped == 1 else f"{report.skipped:,} lines were skipped."
            )

    def _load(self, films: FilmFile, report: Report, dry_run: bool) -> None:
        if self.stdout.isatty():
            with _progress(films) as (lines, tell):
                load_films(lines, report, tell=tell, dry_run=dry_run)
        else:
            load_films(films, report, tell=self.stderr.write, dry_run=dry_run)

    def _print(self, report: Report, dry_run: bool) -> None:
        self.stdout.write(f"{report}{' (dry run: nothing was written)' if dry_run else ''}")
        if report.dropped:
            dropped = ", ".join(f"{what}: {count:,}" for what, count in sorted(report.dropped.items()))
            self.stdout.write(f"Left out – {dropped}")


@contextmanager
def _progress(films: FilmFile) -> Iterator[tuple[Lines, Tell]]:
    """A progress bar: the lines, which move it as they are read, and a function that prints above it."""
    console = Console(stderr=True)
    columns = (
        TextColumn("Loading films"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TextColumn("line {task.fields[line]:,}"),
        TimeRemainingColumn(),
    )

    def lines() -> Iterator[tuple[int, bytes]]:
        for number, line in films:
            bar.update(loading, completed=films.position, line=number)
            yield number, line

    with Progress(*columns, console=console) as bar:
        loading = bar.add_task("", total=films.size, line=0)
        yield lines(), lambda text: console.print(text, markup=False, highlight=False, soft_wrap=True)
