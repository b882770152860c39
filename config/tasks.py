"""Work outside the request: tasks that must not be lost, and sweeps that run again and again.

`manage.py worker` runs both. Whatever is run here may run twice (a worker that dies is replaced, its task
is given to another), so tasks and sweeps must be safe to repeat, and a task must end within
TASK_LEASE_SECONDS: cut long work into pieces.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.tasks import Task, TaskResultStatus
from django.utils import timezone
from django_tasks_db.backend import DatabaseBackend
from django_tasks_db.models import DBTaskResult

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
KEEP_RESULTS_DAYS = 14


class LostTask(Exception):
    """The reason kept for a task whose worker died each time it was tried."""


def enqueue_on_commit(task: Task, *args, **kwargs) -> None:
    """Queue a task if, and only if, the transaction around this call is committed.

    On the database engine the row is part of that transaction, so neither can be lost without the other.
    On a broker it is sent after the commit; one that cannot be reached then is logged and does not fail a
    request whose data is already saved: sweeps pick such work up.
    """
    if isinstance(task.get_backend(), DatabaseBackend):
        task.enqueue(*args, **kwargs)
    else:
        transaction.on_commit(partial(task.enqueue, *args, **kwargs), robust=True)


@dataclass
class Sweep:
    """A function that the workers call about every so many seconds."""

    function: Callable[[], object]
    seconds: int
    last_slot: int = -1

    @property
    def name(self) -> str:
        return f"{self.function.__module__}.{self.function.__qualname__}"

    def claim(self, now: datetime) -> bool:
        """Whether it is due and no other worker that shares our cache has taken this turn.

        A claim is a courtesy, not a lock: sweeps are safe to repeat, so without a cache they just run.
        """
        slot = int(now.timestamp()) // self.seconds
        if slot == self.last_slot:
            return False
        self.last_slot = slot
        try:
            return cache.add(f"sweep:{self.name}:{slot}", True, timeout=self.seconds)
        except Exception:
            logger.warning("The cache cannot be reached; running %s without asking", self.name, exc_info=True)
            return True


SWEEPS: dict[str, Sweep] = {}


def every(*, seconds: int) -> Callable:
    """Have the workers call the function every so many seconds. It takes no arguments and is safe to repeat.

    Workers know the functions of every module that models import, and of `tasks.py` in each app.
    """

    def register(function: Callable[[], object]) -> Callable[[], object]:
        sweep = Sweep(function, seconds)
        SWEEPS[sweep.name] = sweep
        return function

    return register


def run_periodic(now: datetime) -> list[str]:
    """Run every sweep that is due; the names of those run. One that fails is logged and stops no other."""
    due = [sweep for sweep in SWEEPS.values() if sweep.claim(now)]
    for sweep in due:
        try:
            sweep.function()
        except Exception:
            logger.exception("Sweep %s failed", sweep.name)
    return [sweep.name for sweep in due]


@every(seconds=10)
def reap_lost_tasks(now: datetime | None = None) -> int:
    """Give back the tasks of workers that died (killed, out of memory, power cut); how many there were.

    django-tasks-db leaves their rows RUNNING for ever. The UPDATE is conditional on the start we saw: a task
    that ends, or is taken anew, meanwhile is left alone.
    """
    now = now or timezone.now()
    lost = DBTaskResult.objects.running().filter(started_at__lt=now - timedelta(seconds=settings.TASK_LEASE_SECONDS))
    return sum(_give_back(row, now) for row in lost)


def _give_back(row: DBTaskResult, now: datetime) -> int:
    still_lost = DBTaskResult.objects.running().filter(pk=row.pk, started_at=row.started_at)
    if len(row.worker_ids) < MAX_ATTEMPTS:
        logger.warning("Task %s %s was lost by its worker; it will run again", row.task_path, row.pk)
        return still_lost.update(status=TaskResultStatus.READY)
    logger.error("Task %s %s was lost %d times; given up", row.task_path, row.pk, MAX_ATTEMPTS)
    return still_lost.update(
        status=TaskResultStatus.FAILED,
        finished_at=now,
        exception_class_path=f"{LostTask.__module__}.{LostTask.__qualname__}",
        traceback=f"Lost by its worker {len(row.worker_ids)} times.",
    )


@every(seconds=3600)
def prune_results(now: datetime | None = None) -> int:
    """Forget finished tasks after two weeks; how many there were."""
    old_age = (now or timezone.now()) - timedelta(days=KEEP_RESULTS_DAYS)
    old = DBTaskResult.objects.finished().filter(finished_at__lt=old_age)
    return old.delete()[0]
