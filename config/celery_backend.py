"""django.tasks on Celery and Redis, for publications that outgrow the task table of the database.

A message says what to run. What became of it (state, times, workers, result) is a Redis hash beside it,
since Celery's own results lack half of what a django.tasks TaskResult promises.
"""

import json
import uuid
from datetime import datetime, timedelta
from traceback import format_exception

import redis
from django.conf import settings
from django.core.exceptions import SuspiciousOperation
from django.tasks import Task, TaskContext, TaskResult, TaskResultStatus
from django.tasks.backends.base import BaseTaskBackend
from django.tasks.base import TaskError
from django.tasks.exceptions import TaskResultDoesNotExist
from django.tasks.signals import task_enqueued, task_finished, task_started
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.json import normalize_json
from django.utils.module_loading import import_string

from config.celery import app
from config.tasks import KEEP_RESULTS_DAYS, MAX_ATTEMPTS, LostTask

store = redis.Redis.from_url(settings.TASK_BROKER_URL, decode_responses=True)


class CeleryBackend(BaseTaskBackend):
    """Enqueues to Celery. Not transactional: use config.tasks.enqueue_on_commit."""

    supports_defer = True
    supports_priority = True
    supports_async_task = True
    supports_get_result = True

    def enqueue(self, task, args, kwargs):
        self.validate_task(task)
        task_id = str(uuid.uuid4())
        arguments = normalize_json({"args": args, "kwargs": kwargs})
        _record(
            task_id,
            status=TaskResultStatus.READY,
            path=task.module_path,
            arguments=json.dumps(arguments),
            enqueued_at=timezone.now().isoformat(),
            using=json.dumps(_using(task)),
        )
        run.apply_async(
            [task.module_path, arguments, _using(task), self.alias],
            task_id=task_id,
            queue=task.queue_name,
            priority=_celery_priority(task.priority),
            eta=_next_look(task.run_after),
        )
        result = self.get_result(task_id)
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id):
        kept = store.hgetall(_key(result_id))
        if not kept:
            raise TaskResultDoesNotExist(result_id)
        failed = kept["status"] == TaskResultStatus.FAILED
        result = TaskResult(
            task=_task(kept["path"], json.loads(kept["using"]), self.alias),
            id=result_id,
            status=TaskResultStatus[kept["status"]],
            enqueued_at=parse_datetime(kept["enqueued_at"]),
            started_at=parse_datetime(kept["started_at"]) if "started_at" in kept else None,
            last_attempted_at=parse_datetime(kept["started_at"]) if "started_at" in kept else None,
            finished_at=parse_datetime(kept["finished_at"]) if "finished_at" in kept else None,
            **json.loads(kept["arguments"]),
            backend=self.alias,
            errors=[TaskError(exception_class_path=kept["error"], traceback=kept["traceback"])] if failed else [],
            worker_ids=json.loads(kept.get("workers", "[]")),
        )
        object.__setattr__(result, "_return_value", json.loads(kept.get("return_value", "null")))
        return result


def _key(task_id: str) -> str:
    return f"rushes:task:{task_id}"


def _record(task_id: str, **values) -> None:
    """Writes values to what is known of a task, and keeps all of it for two weeks more."""
    with store.pipeline() as pipeline:
        pipeline.hset(_key(task_id), mapping={name: str(value) for name, value in values.items()})
        pipeline.expire(_key(task_id), timedelta(days=KEEP_RESULTS_DAYS))
        pipeline.execute()


def _using(task: Task) -> dict:
    """What an enqueued task has of its own, as JSON."""
    run_after = task.run_after and task.run_after.isoformat()
    return {"priority": task.priority, "queue_name": task.queue_name, "run_after": run_after}


def _task(path: str, using: dict, alias: str) -> Task:
    """The task a message names. Only a django.tasks Task is ever called, whatever a message says."""
    task = import_string(path)
    if not isinstance(task, Task):
        raise SuspiciousOperation(f"{path} is not a task")
    run_after = parse_datetime(using["run_after"]) if using["run_after"] else None
    return task.using(priority=using["priority"], queue_name=using["queue_name"], run_after=run_after, backend=alias)


def _celery_priority(priority: int) -> int:
    """100 (most urgent for django.tasks) to 0 (most urgent for Celery on Redis), -100 to 9."""
    return 9 - (priority + 100) * 9 // 200


def _next_look(run_after: datetime | None) -> datetime | None:
    """When to deliver a deferred task. A worker that waits longer than the lease would see it delivered
    again, so far dates are reached in hops of half a lease."""
    if run_after is None:
        return None
    return min(run_after, timezone.now() + timedelta(seconds=settings.TASK_LEASE_SECONDS / 2))


@app.task(bind=True, name="rushes.run", max_retries=None)
def run(self, path: str, arguments: dict, using: dict, alias: str) -> None:
    """Runs one django.tasks Task. Its failure is its result; only a deferred one is handed back to Celery."""
    task = _task(path, using, alias)
    if task.run_after and task.run_after > timezone.now():
        raise self.retry(eta=_next_look(task.run_after))
    backend, task_id = task.get_backend(), self.request.id
    known = store.hgetall(_key(task_id))
    if known.get("status") in (TaskResultStatus.SUCCESSFUL, TaskResultStatus.FAILED):
        return  # delivered a second time
    workers = [*json.loads(known.get("workers", "[]")), self.request.hostname or "worker"]
    _record(
        task_id,
        status=TaskResultStatus.RUNNING,
        started_at=timezone.now().isoformat(),
        workers=json.dumps(workers),
        path=path,
        arguments=json.dumps(arguments),
        using=json.dumps(using),
        enqueued_at=known.get("enqueued_at", timezone.now().isoformat()),
    )
    result = backend.get_result(task_id)
    task_started.send(type(backend), task_result=result)
    try:
        if len(workers) > MAX_ATTEMPTS:
            raise LostTask(f"Lost by its worker {MAX_ATTEMPTS} times.")
        context = [TaskContext(task_result=result)] if task.takes_context else []
        answer = json.dumps(normalize_json(task.call(*context, *result.args, **result.kwargs)))
    except Exception as error:
        name = f"{type(error).__module__}.{type(error).__qualname__}"
        _finish(backend, task_id, TaskResultStatus.FAILED, error=name, traceback="".join(format_exception(error)))
    else:
        _finish(backend, task_id, TaskResultStatus.SUCCESSFUL, return_value=answer)


def _finish(backend: CeleryBackend, task_id: str, status: TaskResultStatus, **outcome) -> None:
    _record(task_id, status=status, finished_at=timezone.now().isoformat(), **outcome)
    task_finished.send(type(backend), task_result=backend.get_result(task_id))
