"""The Celery side of TASK_ENGINE=celery. Tasks are written against django.tasks; see celery_backend.py."""

from celery import Celery
from django.conf import settings

app = Celery("rushes", broker=settings.TASK_BROKER_URL, set_as_current=False)
app.conf.update(
    # A message is acknowledged when its task has ended: those of a killed worker come back after the lease.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    broker_transport_options={"visibility_timeout": settings.TASK_LEASE_SECONDS, "global_keyprefix": "rushes:"},
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_ignore_result=True,  # results are kept by celery_backend.py, with what django.tasks wants to know
    task_serializer="json",
    accept_content=["json"],
    task_create_missing_queues=True,
    task_default_queue="default",
    worker_hijack_root_logger=False,
    worker_send_task_events=False,
    enable_utc=True,
)
