"""A production site's own checks."""

import pytest

PRODUCTION = {
    "SECRET_KEY": "f7Kq2-9vLm4Zt8Rb1Ws6Yp3Hc5Nd0Jg-abcdefghijklmnopqrstuvwxyz",
    "SITE_URL": "https://reviews.example",
    "DATABASE_URL": "postgres://rushes:secret@db.invalid/rushes",
    "CACHE_URL": "redis://cache.invalid:6379/1",
    "TASK_ENGINE": "celery",
    "MEDIA_STORAGE": "s3",
    "S3_BUCKET": "media",
    "S3_PUBLIC_URL": "https://media.reviews.example",
    "MAIL_URL": "smtp://me:word@mail.example:587?tls=starttls",
    "NEWSLETTER_MAIL_URL": "provider+postmark://KEY@",
}


@pytest.mark.once
@pytest.mark.parametrize("extra", [{}, PRODUCTION], ids=["small", "large"])
def test_deployment_check_is_clean(empty_site, extra):
    basics = {name: PRODUCTION[name] for name in ("SECRET_KEY", "SITE_URL")}

    done = empty_site.run("manage.py", "check", "--deploy", "--fail-level", "WARNING", **basics | extra)

    assert done.returncode == 0, done.stderr
    assert "no issues (0 silenced)" in done.stdout


@pytest.mark.once
def test_psycopg2_is_the_driver(empty_site):
    """Django would prefer psycopg 3 without a word, should any package bring it along."""
    done = empty_site.run("-c", "import psycopg")

    assert "ModuleNotFoundError" in done.stderr
