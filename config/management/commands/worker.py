"""`manage.py worker`: runs tasks and sweeps until told to stop."""

import logging
import threading

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django.utils import timezone
from django.utils.crypto import get_random_string
from django.utils.module_loading import autodiscover_modules
from django_tasks_db.management.commands.db_worker import Worker as DatabaseWorker

from config.tasks import run_periodic

logger = logging.getLogger(__name__)

POLL_SECONDS = 1  # each look takes SQLite's write lock for a moment: look no more often
SWEEP_SECONDS = 5
RETRY_SECONDS = 5


class Command(BaseCommand):
    help = "Run tasks and periodic sweeps. SIGTERM or Ctrl-C: finish the task in hand, then stop."
    requires_system_checks = []  # they load the admin and every page, which a worker has no use for

    def handle(self, **options):
        autodiscover_modules("tasks")
        threading.Thread(target=sweep_for_ever, name="sweeps", daemon=True).start()
        run = run_celery if settings.TASK_ENGINE == "celery" else run_database
        run()


def sweep_for_ever() -> None:
    """Runs what is due every few seconds. Nothing stops it: a database that is away is asked again."""
    pause = threading.Event()
    while True:
        try:
            close_old_connections()
            run_periodic(timezone.now())
        except Exception:
            logger.exception("Sweeping failed")
            _drop_connections()
        pause.wait(SWEEP_SECONDS)


def _drop_connections() -> None:
    for connection in connections.all(initialized_only=True):
        try:
            connection.close()
        except Exception:
            logger.debug("A broken connection did not close cleanly", exc_info=True)


class PatientWorker(DatabaseWorker):
    """django-tasks-db's worker, that never gives up on its database and never drops a task it just claimed.

    Its own shutdown exits from inside the signal handler when no task *seems* to run, which can be between
    claiming one and running it.
    """

    def shutdown(self, signum, frame):
        if not self.running:
            super().shutdown(signum, frame)  # asked twice: end now
        logger.info("Finishing the task in hand, then stopping")
        self.running = False

    def run(self):
        pause = threading.Event()
        while self.running:
            try:
                super().run()
            except (OperationalError, InterfaceError) as error:
                logger.warning("The database cannot be reached, trying again: %s", error)
                _drop_connections()
                pause.wait(RETRY_SECONDS)


def run_database() -> None:
    worker = PatientWorker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=POLL_SECONDS,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id=get_random_string(32),
    )
    worker.configure_signals()
    worker.run()


def run_celery() -> None:
    """One task at a time in this very process; start more workers to do more at once."""
    from config.celery_backend import app

    queues = ",".join(settings.TASKS["default"]["QUEUES"])
    quiet = ["--loglevel=WARNING", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    app.worker_main(["--quiet", "worker", "--pool=solo", f"--queues={queues}", *quiet])
