"""Real workers in processes of their own: killed, stopped, and asked to run what they must not."""

import json
import signal

import pytest

from tests.config.conftest import wait_until

EXAMPLES = "from tests.config import example_tasks as t"


@pytest.fixture
def output(tmp_path):
    return tmp_path / "output"


def lines(path) -> list[str]:
    return path.read_text().split() if path.exists() else []


def test_killed_worker_loses_no_task(site_on_this_database, output):
    site = site_on_this_database
    site.django(f"{EXAMPLES}; t.slow.enqueue({str(output)!r}, 3)")
    first = site.start("manage.py", "worker")
    wait_until(lambda: lines(output) == ["begun"], "the task's begin")

    first.kill()
    first.wait()
    site.django(
        "from datetime import timedelta; from django.utils.timezone import now; "
        "from django_tasks_db.models import DBTaskResult as R; "
        "assert R.objects.filter(status='RUNNING').update(started_at=now() - timedelta(hours=1)) == 1"
    )
    site.start("manage.py", "worker")

    wait_until(lambda: lines(output) == ["begun", "begun", "ended"], "the task's second run")


def test_stopped_worker_ends_its_task_first(site_on_this_database, output):
    site = site_on_this_database
    site.django(f"{EXAMPLES}; t.slow.enqueue({str(output)!r}, 2); t.slow.enqueue({str(output)!r}, 2)")
    worker = site.start("manage.py", "worker")
    wait_until(lambda: lines(output), "the task's begin")

    worker.send_signal(signal.SIGTERM)

    assert worker.wait(20) == 0
    assert lines(output) == ["begun", "ended"]
    statuses = site.django(
        "from django_tasks_db.models import DBTaskResult as R; print(*R.objects.values_list('status', flat=True))"
    )
    assert sorted(statuses.split()) == ["READY", "SUCCESSFUL"]


def test_worker_outlives_its_connections(site_on_this_database, output):
    site = site_on_this_database
    if "DATABASE_URL" not in site.environment:
        pytest.skip("SQLite has no connection to lose")
    worker = site.start("manage.py", "worker")
    site.django(f"{EXAMPLES}; t.write.enqueue({str(output)!r}, 'before')")
    wait_until(lambda: lines(output) == ["before"], "the first task")

    site.django(
        "from django.db import connection as c; c.cursor().execute("
        "'SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()')"
    )
    site.django(f"{EXAMPLES}; t.write.enqueue({str(output)!r}, 'after')")

    wait_until(lambda: lines(output) == ["before", "after"], "the second task")
    assert worker.poll() is None


@pytest.fixture
def celery_site(site, redis_server):
    site.environment |= {
        "TASK_ENGINE": "celery",
        "TASK_BROKER_URL": f"{redis_server}/3",
        "CACHE_URL": f"{redis_server}/4",
        "TASK_LEASE_SECONDS": "10",
    }
    return site


def celery_store(site):
    import redis

    return redis.Redis.from_url(site.environment["TASK_BROKER_URL"], decode_responses=True)


@pytest.mark.redis
@pytest.mark.once
def test_celery_runs_tasks_behind_the_same_interface(celery_site, output):
    site = celery_site
    site.start("manage.py", "worker")

    answers = site.django(
        f"import json, time; {EXAMPLES}; from datetime import timedelta; from django.utils.timezone import now\n"
        f"results = [t.write.enqueue({str(output)!r}, text='héllo'), t.fail.enqueue(), t.count_attempts.enqueue(),\n"
        f"  t.write.using(run_after=now() + timedelta(seconds=2)).enqueue({str(output)!r}, 'later')]\n"
        "early = results[3]\n"
        "while not all(r.is_finished for r in results):\n"
        "    time.sleep(0.1); [r.refresh() for r in results]\n"
        "print(json.dumps([[r.status, r.attempts, r.errors[0].traceback.split()[-1] if r.errors else r.return_value]\n"
        "    for r in results] + [(results[3].started_at - results[3].enqueued_at).total_seconds() >= 2]))"
    )

    assert json.loads(answers) == [
        ["SUCCESSFUL", 1, 6],
        ["FAILED", 1, "asked"],
        ["SUCCESSFUL", 1, 1],
        ["SUCCESSFUL", 1, 6],
        True,
    ]
    assert lines(output) == ["héllo", "later"]


@pytest.mark.redis
@pytest.mark.once
def test_celery_gives_the_task_of_a_killed_worker_to_another(celery_site, output):
    site = celery_site
    site.django(f"{EXAMPLES}; t.slow.enqueue({str(output)!r}, 3)")
    first = site.start("manage.py", "worker")
    wait_until(lambda: lines(output) == ["begun"], "the task's begin")

    first.kill()
    first.wait()
    store = celery_store(site)
    [tag] = store.zrange("rushes:unacked_index", 0, -1)
    store.zadd("rushes:unacked_index", {tag: 1})  # as if delivered long ago
    site.start("manage.py", "worker")

    wait_until(lambda: lines(output) == ["begun", "begun", "ended"], "the task's second run")


@pytest.mark.redis
@pytest.mark.once
def test_celery_calls_nothing_that_is_not_a_task(celery_site, output):
    site = celery_site
    site.django(
        "from config.celery_backend import run\n"
        "using = {'priority': 0, 'queue_name': 'default', 'run_after': None}\n"
        f"output = {str(output)!r}\n"
        "for name, args in (('not_a_task', [output]), ('write', [output, 'task'])):\n"
        "    arguments = {'args': args, 'kwargs': {}}\n"
        "    run.apply_async([f'tests.config.example_tasks.{name}', arguments, using, 'default'], queue='default')"
    )

    site.start("manage.py", "worker")

    wait_until(lambda: lines(output) == ["task"], "the second message")
    assert "is not a task" in site.log.read_text()
