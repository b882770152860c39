"""Wrong values of environment variables, and the table of them in the operators' guide."""

import re
import runpy
from pathlib import Path

import pytest

from config import environment
from config.environment import BadEnvironment

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "Example: SECRET_KEY=$(openssl rand -base64 48)"
DATABASE = "Example: DATABASE_URL=postgres://rushes:secret@db.example:5432/rushes"
MAIL = "Example: MAIL_URL=smtp://user:secret@mail.example:587?tls=starttls"
FAULTS = [
    ({"SECRET_KEY": None}, f"SECRET_KEY: is not set. {KEY}"),
    ({"SECRET_KEY": "short"}, f"SECRET_KEY: is shorter than 32 characters. {KEY}"),
    ({"DEBUG": "perhaps"}, "DEBUG: 'perhaps' is not yes or no. Example: DEBUG=true"),
    ({"PORT": "eighty"}, "PORT: 'eighty' is not a whole number. Example: PORT=8000"),
    ({"PORT": "70000"}, "PORT: 70000 is not between 1 and 65535. Example: PORT=8000"),
    ({"WEB_THREADS": "0"}, "WEB_THREADS: 0 is not between 1 and 64. Example: WEB_THREADS=4"),
    (
        {"SITE_URL": "reviews.example"},
        "SITE_URL: 'reviews.example' does not begin with http or https. Example: SITE_URL=https://reviews.example",
    ),
    ({"SITE_URL": "https://"}, "SITE_URL: 'https://' names no host. Example: SITE_URL=https://reviews.example"),
    (
        {"SITE_URL": "https://reviews.example/blog"},
        "SITE_URL: must not have a path. Example: SITE_URL=https://reviews.example",
    ),
    (
        {"ALLOWED_HOSTS": "*"},
        "ALLOWED_HOSTS: '*' would let any host name through. Example: ALLOWED_HOSTS=reviews.example",
    ),
    (
        {"DATABASE_URL": "mysql://db/rushes"},
        f"DATABASE_URL: 'mysql://db/rushes' does not begin with sqlite or postgres or postgresql. {DATABASE}",
    ),
    (
        {"DATABASE_URL": "mysql://me:pass@db/rushes"},
        f"DATABASE_URL: 'mysql://me:…@db/rushes' does not begin with sqlite or postgres or postgresql. {DATABASE}",
    ),
    ({"DATABASE_URL": "postgres://db.example"}, f"DATABASE_URL: names no database. {DATABASE}"),
    (
        {"DATABASE_URL": "postgres://db.example:port/rushes"},
        f"DATABASE_URL: its port is not a number from 0 to 65535. {DATABASE}",
    ),
    (
        {"DATABASE_URL": "sqlite://rushes.sqlite3"},
        "DATABASE_URL: a SQLite address has three slashes and a file. "
        "Example: DATABASE_URL=sqlite:///var/rushes.sqlite3",
    ),
    (
        {"CACHE_URL": "memcached://cache"},
        "CACHE_URL: 'memcached://cache' does not begin with memory or redis or rediss. "
        "Example: CACHE_URL=redis://cache.example:6379/1",
    ),
    ({"TASK_ENGINE": "cron"}, "TASK_ENGINE: 'cron' is not one of database, celery. Example: TASK_ENGINE=database"),
    (
        {"TASK_LEASE_SECONDS": "1"},
        "TASK_LEASE_SECONDS: 1 is not between 10 and 2147483648. Example: TASK_LEASE_SECONDS=600",
    ),
    (
        {"TASK_BROKER_URL": "amqp://broker"},
        "TASK_BROKER_URL: 'amqp://broker' does not begin with redis or rediss. "
        "Example: TASK_BROKER_URL=redis://broker.example:6379/0",
    ),
    ({"MAIL_URL": "smtp://"}, f"MAIL_URL: names no mail server. {MAIL}"),
    ({"MAIL_URL": "smtp://mail.example?tls=yes"}, f"MAIL_URL: tls='yes' is not none or starttls. {MAIL}"),
    (
        {"MAIL_URL": "provider+postmark://"},
        "MAIL_URL: holds no key for the provider. Example: MAIL_URL=provider+postmark://KEY@",
    ),
    (
        {"TIME_ZONE": "Mars/Olympus"},
        "TIME_ZONE: 'Mars/Olympus' is not the name of a time zone. Example: TIME_ZONE=Europe/London",
    ),
    *(
        (
            {"BOUNCE_ADDRESS": value},
            f"BOUNCE_ADDRESS: {fault}. Example: BOUNCE_ADDRESS=bounces@reviews.example",
        )
        for value, fault in (
            ("bounces", "'bounces' is not a plain address in small letters, without a +"),
            ("a+b@x.example", "'a+b@x.example' is not a plain address in small letters, without a +"),
            ("returned-newsletters@x.example", "'returned-newsletters' is longer than 16 letters"),
        )
    ),
    (
        {"BOUNCE_MAILBOX_URL": "imaps://mail.example"},
        "BOUNCE_MAILBOX_URL: names no host, user or password. "
        "Example: BOUNCE_MAILBOX_URL=imaps://user:secret@mail.example/INBOX",
    ),
    (
        {"NEWSLETTER_WEBHOOK_SECRET": "reports:word"},
        "NEWSLETTER_WEBHOOK_SECRET: is of no use while NEWSLETTER_MAIL_URL names no provider (as provider+NAME://, or "
        "?provider=NAME behind smtp://). Example: NEWSLETTER_WEBHOOK_SECRET=reports:a-long-random-word",
    ),
    (
        {"NEWSLETTER_WEBHOOK_SECRET": "word", "NEWSLETTER_MAIL_URL": "provider+postmark://KEY@"},
        "NEWSLETTER_WEBHOOK_SECRET: postmark signs in, so it has to be user:password. "
        "Example: NEWSLETTER_WEBHOOK_SECRET=reports:a-long-random-word",
    ),
    ({"MEDIA_STORAGE": "s3"}, "S3_BUCKET: is not set. Example: S3_BUCKET=rushes-media"),
    (
        {"MEDIA_STORAGE": "s3", "S3_BUCKET": "media"},
        "S3_PUBLIC_URL: is not set. Example: S3_PUBLIC_URL=https://media.reviews.example",
    ),
    ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL: 'LOUD' is not one of WARNING, DEBUG, INFO, ERROR. Example: LOG_LEVEL=WARNING"),
]


@pytest.fixture
def load_settings(monkeypatch, tmp_path):
    """Runs config/settings.py again under another environment; its names."""

    def load(**values: str | None) -> dict:
        for name in environment.READ:
            monkeypatch.delenv(name, raising=False)
        for name, value in {"SECRET_KEY": "k" * 50, "DATA_DIR": str(tmp_path), **values}.items():
            if value is not None:
                monkeypatch.setenv(name, value)
        return runpy.run_path(str(ROOT / "config/settings.py"))

    return load


@pytest.mark.parametrize(("values", "line"), FAULTS, ids=lambda value: str(value)[:50])
def test_wrong_value_ends_the_start_with_one_line(load_settings, values, line):
    with pytest.raises(BadEnvironment) as ended:
        load_settings(**values)

    assert ended.value.code == line


@pytest.mark.once
def test_process_prints_that_line_and_nothing_else(empty_site):
    ended = empty_site.run("manage.py", "check", SECRET_KEY="k" * 50, PORT="eighty")

    assert ended.returncode == 1
    assert ended.stderr == "PORT: 'eighty' is not a whole number. Example: PORT=8000\n"
    assert ended.stdout == ""


def test_database_addresses(load_settings):
    postgres = load_settings(DATABASE_URL="postgres://us%40er:p%2Fw@db.example:5433/films?sslmode=require")
    sqlite = load_settings(DATABASE_URL="sqlite:////srv/rushes/site.sqlite3")

    assert postgres["DATABASES"]["default"] == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "films",
        "USER": "us@er",
        "PASSWORD": "p/w",
        "HOST": "db.example",
        "PORT": 5433,
        "OPTIONS": {"sslmode": "require"},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
    assert sqlite["DATABASES"]["default"]["NAME"] == Path("/srv/rushes/site.sqlite3")


def test_mail_addresses(load_settings):
    smtp = load_settings(MAIL_URL="smtp://me:word@mail.example:2525?tls=starttls")["MAILERS"]
    split = load_settings(MAIL_URL="smtps://mail.example", NEWSLETTER_MAIL_URL="provider+postmark://KEY@")["MAILERS"]

    assert smtp["default"] == smtp["newsletter"]
    assert smtp["default"]["OPTIONS"] == {
        "host": "mail.example",
        "port": 2525,
        "username": "me",
        "password": "word",
        "use_ssl": False,
        "use_tls": True,
        "timeout": 60,
    }
    assert (split["default"]["OPTIONS"]["port"], split["default"]["OPTIONS"]["use_ssl"]) == (465, True)
    assert split["newsletter"] == {
        "BACKEND": "anymail.backends.postmark.EmailBackend",
        "OPTIONS": {"server_token": "KEY"},
    }


def test_reports_come_back_to_the_sender_unless_an_address_is_named(load_settings):
    sender = load_settings(NEWSLETTER_FROM="Second Reel <letters@reviews.example>")
    own = load_settings(BOUNCE_ADDRESS="bounces@reviews.example")

    assert (sender["BOUNCE_ADDRESS"], sender["BOUNCES_ARE_SIGNED"]) == ("letters@reviews.example", False)
    assert (own["BOUNCE_ADDRESS"], own["BOUNCES_ARE_SIGNED"]) == ("bounces@reviews.example", True)


@pytest.mark.parametrize(
    ("mailer", "secret", "anymail"),
    [
        ("provider+mailgun://KEY@", "key", ("mailgun", {"MAILGUN_WEBHOOK_SIGNING_KEY": "key"})),
        ("provider+sendgrid://KEY@", "me:word", ("sendgrid", {"WEBHOOK_SECRET": "me:word"})),
        ("smtp://mail.example?tls=starttls&provider=postmark", "me:word", ("postmark", {"WEBHOOK_SECRET": "me:word"})),
        ("provider+postmark://KEY@", None, ("", {})),
    ],
)
def test_provider_in_use_may_report(load_settings, mailer, secret, anymail):
    loaded = load_settings(NEWSLETTER_MAIL_URL=mailer, NEWSLETTER_WEBHOOK_SECRET=secret)

    assert (loaded["WEBHOOK_PROVIDER"], loaded["ANYMAIL"]) == anymail


def test_pictures_in_a_bucket_may_be_shown(load_settings):
    names = {"MEDIA_STORAGE": "s3", "S3_BUCKET": "media", "S3_PUBLIC_URL": "https://s3.example/media/"}

    policy = load_settings(**names)["SECURE_CSP"]

    assert policy["img-src"] == ["'self'", "https://s3.example/media/"]  # without the last / it would be one file


def test_https_makes_cookies_secure_and_redirects(load_settings):
    https = load_settings(SITE_URL="https://reviews.example")
    http = load_settings()

    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_NAME")
    assert [https[name] for name in names] == [True, True, True, "__Host-session"]
    assert [http[name] for name in names] == [False, False, False, "session"]
    assert https["ALLOWED_HOSTS"][0] == "reviews.example"


def test_operators_guide_has_a_row_for_every_variable_and_for_no_other():
    sample = re.findall(r"^([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M)
    assert sorted(sample) == sorted(environment.READ)
    guide = (ROOT / "docs/operators.md").read_text()

    rows = re.findall(r"^\| `([A-Z0-9_]+)` \|", guide, flags=re.MULTILINE)

    assert sorted(rows) == sorted(environment.READ)
