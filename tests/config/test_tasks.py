from datetime import UTC, datetime, timedelta

import pytest
from django.core.cache import cache
from django.db import transaction
from django.tasks import task_backends
from django_tasks_db.models import DBTaskResult

from config import tasks
from config.management.commands import worker
from tests.config import example_tasks

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
DATABASE_ENGINE = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


@pytest.fixture
def database_engine(settings, db):
    settings.TASKS = DATABASE_ENGINE


@pytest.fixture
def sweeps(monkeypatch):
    """An empty registry."""
    registry = {}
    monkeypatch.setattr(tasks, "SWEEPS", registry)
    return registry


def lost_row(**values) -> DBTaskResult:
    """A row as a killed worker leaves it."""
    result = example_tasks.fail.enqueue()
    started = {"status": "RUNNING", "started_at": NOW - timedelta(minutes=11), "worker_ids": ["dead"]}
    DBTaskResult.objects.filter(pk=result.id).update(**started | values)
    return DBTaskResult.objects.get(pk=result.id)


def test_task_enqueued_in_a_rolled_back_transaction_is_never_run(db, tmp_path, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():
        tasks.enqueue_on_commit(example_tasks.write, str(tmp_path / "file"), "text")
        raise RuntimeError

    assert not (tmp_path / "file").exists()


def test_task_waits_for_the_commit(db, tmp_path, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        tasks.enqueue_on_commit(example_tasks.write, str(tmp_path / "file"), text="text")
        assert not (tmp_path / "file").exists()

    assert (tmp_path / "file").read_text() == "text\n"


def test_broker_that_is_away_does_not_fail_the_request(db, monkeypatch, django_capture_on_commit_callbacks):
    backend = task_backends["default"]
    monkeypatch.setattr(type(backend), "enqueue", lambda *arguments: 1 / 0)

    with django_capture_on_commit_callbacks(execute=True):
        tasks.enqueue_on_commit(example_tasks.fail)


@pytest.mark.django_db(transaction=True)
def test_row_of_a_task_is_part_of_the_transaction(settings):
    settings.TASKS = DATABASE_ENGINE

    with pytest.raises(RuntimeError), transaction.atomic():
        tasks.enqueue_on_commit(example_tasks.fail)
        assert DBTaskResult.objects.count() == 1
        raise RuntimeError

    assert DBTaskResult.objects.count() == 0


def test_lost_task_goes_back_to_the_queue(database_engine):
    row = lost_row()

    assert tasks.reap_lost_tasks(NOW) == 1

    row.refresh_from_db()
    assert (row.status, row.worker_ids) == ("READY", ["dead"])
    assert tasks.reap_lost_tasks(NOW) == 0


def test_task_within_its_lease_is_left_alone(database_engine):
    row = lost_row(started_at=NOW - timedelta(minutes=9))

    assert tasks.reap_lost_tasks(NOW) == 0

    row.refresh_from_db()
    assert row.status == "RUNNING"


def test_task_lost_three_times_is_given_up(database_engine):
    row = lost_row(worker_ids=["one", "two", "three"])

    assert tasks.reap_lost_tasks(NOW) == 1

    row.refresh_from_db()
    assert (row.status, row.finished_at, row.traceback) == ("FAILED", NOW, "Lost by its worker 3 times.")
    assert row.task_result.errors[0].exception_class is tasks.LostTask


def test_task_taken_anew_meanwhile_is_not_given_back(database_engine):
    row = lost_row()
    DBTaskResult.objects.filter(pk=row.pk).update(started_at=NOW)

    assert tasks._give_back(row, NOW) == 0

    row.refresh_from_db()
    assert row.status == "RUNNING"


def test_results_are_forgotten_after_two_weeks(database_engine):
    old = lost_row(status="SUCCESSFUL", finished_at=NOW - timedelta(days=15))
    young = lost_row(status="FAILED", finished_at=NOW - timedelta(days=13))
    waiting = lost_row(status="READY")

    assert tasks.prune_results(NOW) == 1

    assert set(DBTaskResult.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}
    assert not DBTaskResult.objects.filter(pk=old.pk).exists()


def test_sweep_runs_once_in_its_period(sweeps):
    runs = []
    tasks.every(seconds=60)(lambda: runs.append(1))

    for seconds in (0, 5, 59, 60):
        tasks.run_periodic(NOW + timedelta(seconds=seconds))

    assert len(runs) == 2


def test_sweep_claimed_by_another_worker_is_left_to_it(sweeps):
    runs = []
    tasks.every(seconds=60)(lambda: runs.append(1))
    [name] = sweeps
    cache.set(f"sweep:{name}:{int(NOW.timestamp()) // 60}", True)

    assert tasks.run_periodic(NOW) == []
    assert tasks.run_periodic(NOW + timedelta(seconds=60)) == [name]
    assert len(runs) == 1


def test_sweeps_run_while_the_cache_is_away(sweeps, monkeypatch):
    runs = []
    tasks.every(seconds=60)(lambda: runs.append(1))
    monkeypatch.setattr(tasks, "cache", None)

    tasks.run_periodic(NOW)
    tasks.run_periodic(NOW + timedelta(seconds=5))

    assert len(runs) == 1


def test_failing_sweep_stops_no_other(sweeps):
    runs = []

    def broken():
        raise RuntimeError

    tasks.every(seconds=60)(broken)
    tasks.every(seconds=60)(lambda: runs.append(1))

    tasks.run_periodic(NOW)

    assert len(runs) == 1


def test_worker_outlives_a_database_that_is_away(monkeypatch):
    calls = []

    def run(self):
        calls.append(1)
        if len(calls) < 3:
            raise worker.OperationalError("server closed the connection unexpectedly")
        self.running = False

    monkeypatch.setattr(worker.DatabaseWorker, "run", run)
    monkeypatch.setattr(worker, "RETRY_SECONDS", 0)
    monkeypatch.setattr(worker, "_drop_connections", lambda: None)

    worker.PatientWorker(
        queue_names=["*"],
        excluded_queue_names=[],
        interval=0,
        batch=False,
        backend_name="default",
        startup_delay=False,
        max_tasks=None,
        worker_id="w",
    ).run()

    assert len(calls) == 3
