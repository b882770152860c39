"""The site's settings with an environment that tests own, and three changes for speed.

tests/run.py hands over DATABASE_URL and CACHE_URL; nothing else of the caller's environment counts.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

OWN = tempfile.mkdtemp(prefix="rushes-tests-")
(Path(OWN) / "static").mkdir()  # WhiteNoise warns where there is none
atexit.register(shutil.rmtree, OWN, ignore_errors=True)
WORKER = os.environ.get("PYTEST_XDIST_WORKER", "main")
CALLERS = """
    ALLOWED_HOSTS BEHIND_PROXY BIND BOUNCE_ADDRESS BOUNCE_MAILBOX_URL DEBUG DEMO FINGERPRINT_KEY LOG_LEVEL MAIL_FROM MAIL_URL MEDIA_STORAGE NEWSLETTER_FROM NEWSLETTER_MAIL_URL
    NEWSLETTER_CONNECTIONS NEWSLETTER_GRACE_MINUTES NEWSLETTER_PER_DAY NEWSLETTER_PER_HOUR NEWSLETTER_PER_MINUTE NEWSLETTER_WEBHOOK_SECRET PORT S3_ACCESS_KEY_ID S3_BUCKET S3_ENDPOINT_URL S3_PUBLIC_URL S3_REGION S3_SECRET_ACCESS_KEY STATIC_ROOT
    TASK_BROKER_URL TASK_ENGINE TASK_LEASE_SECONDS TIME_ZONE WEB_THREADS
"""
for name in CALLERS.split():
    os.environ.pop(name, None)
os.environ |= {
    "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests",
    "DATA_DIR": OWN,
    "SITE_URL": "http://testserver",
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",  # Playwright's synchronous interface runs an event loop in our thread
}

from config.settings import *  # noqa: E402, F403
from config.settings import CACHES, DATABASES, STORAGES, TASKS  # noqa: E402

ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
TASKS["default"]["BACKEND"] = "django.tasks.backends.immediate.ImmediateBackend"
if CACHES["default"]["BACKEND"].endswith("RedisCache"):
    # Each process of a parallel run has a database of its own. A prefix would not do: clear() empties the database.
    number = int(WORKER.removeprefix("gw")) + 2 if WORKER != "main" else 1
    CACHES["default"]["LOCATION"] = f"{CACHES['default']['LOCATION'].rpartition('/')[0]}/{number}"
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, as on a real site: in memory all threads of the live server would share one connection.
    DATABASES["default"]["TEST"] = {"NAME": f"{OWN}/test.sqlite3"}
