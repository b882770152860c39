from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.core.management.base import BaseCommand
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from reviews.search.documents import Kind
from reviews.search.index import rebuild

NAMES = {Kind.REVIEW: "reviews", Kind.FILM: "films", Kind.PERSON: "people", Kind.AUTHOR: "writers", Kind.TAG: "tags"}


class Command(BaseCommand):
    help = (
        "Index everything for the search anew. The index is kept right without it; it is for the rare case that "
        "the index was damaged. Readers can search meanwhile, and it may be interrupted: the worker does the rest."
    )

    def handle(self, **options):
        if self.stdout.isatty():
            with _bar() as progress:
                counts = rebuild(progress)
        else:
            counts = rebuild()
        self.stdout.write("Indexed " + ", ".join(f"{counts[kind]:,} {name}" for kind, name in NAMES.items()) + ".")


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    columns = (TextColumn("Indexing"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
