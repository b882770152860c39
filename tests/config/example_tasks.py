"""Tasks that tests run in real workers."""

import time
from pathlib import Path

from django.tasks import task


@task()
def write(path: str, text: str) -> int:
    """Appends a line to a file; its length."""
    with Path(path).open("a") as file:
        return file.write(f"{text}\n")


@task()
def slow(path: str, seconds: float) -> None:
    """Says when it begins and when it ends."""
    write.call(path, "begun")
    time.sleep(seconds)
    write.call(path, "ended")


@task()
def fail() -> None:
    raise ValueError("as asked")


@task(takes_context=True)
def count_attempts(context) -> int:
    return context.attempt


def not_a_task(path: str) -> None:
    write.call(path, "called")
