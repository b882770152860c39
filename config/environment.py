"""The one place where environment variables are read.

Every variable is declared here by a call from config/settings.py; a value that cannot work ends the
process with one line that names the variable, what is wrong with the value, and an example of a good one.
"""

import re
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

from environs import Env, EnvError

env = Env()
READ: dict[str, str] = {}
"""Every variable read so far, with its example: tests hold the operators' table against it."""


class BadEnvironment(SystemExit):
    """Ends the process (exit status 1) with one readable line instead of a traceback."""

    def __init__(self, name: str, fault: str, example: str):
        super().__init__(f"{name}: {fault}. Example: {name}={example}")


def text(name: str, default: str | None = "", *, example: str = "…") -> str:
    """The variable as text. A default of None makes it required."""
    READ[name] = example
    value = env.str(name, default)
    if value is None:
        raise BadEnvironment(name, "is not set", example)
    return value


def _typed(name, method, default, what, example):
    READ[name] = example
    try:
        return method(name, default)
    except (EnvError, ValueError):
        raise BadEnvironment(name, f"{env.str(name)!r} is not {what}", example) from None


def flag(name: str, default: bool) -> bool:
    """The variable as yes or no: true/false, yes/no, on/off, 1/0."""
    return _typed(name, env.bool, default, "yes or no", "true")


def number(name: str, default: int, *, at_least: int = 0, at_most: int = 2**31) -> int:
    """The variable as a whole number within bounds."""
    value = _typed(name, env.int, default, "a whole number", str(default))
    if not at_least <= value <= at_most:
        raise BadEnvironment(name, f"{value} is not between {at_least} and {at_most}", str(default))
    return value


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    """The variable as one of a few words."""
    value = text(name, default, example=choices[0])
    if value not in choices:
        raise BadEnvironment(name, f"{value!r} is not one of {', '.join(choices)}", choices[0])
    return value


def words(name: str, default: list[str], *, example: str) -> list[str]:
    """The variable as a list, separated by commas."""
    return [word.strip() for word in _typed(name, env.list, default, "a list", example) if word.strip()]


def time_zone(name: str, default: str) -> str:
    """The variable as the name of an IANA time zone."""
    value = text(name, default, example="Europe/London")
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        raise BadEnvironment(name, f"{value!r} is not the name of a time zone", "Europe/London") from None
    return value


def address(name: str, default: str, schemes: tuple[str, ...], *, example: str) -> SplitResult:
    """The variable as an address (URL) with one of the schemes named."""
    value = text(name, default, example=example)
    parts = urlsplit(value)
    if parts.scheme not in schemes:
        raise BadEnvironment(
            name,
            f"{_without_password(parts)!r} does not begin with {' or '.join(schemes)}",
            example,
        )
    try:
        parts.port  # noqa: B018 - reading it is the check
    except ValueError:
        raise BadEnvironment(name, "its port is not a number from 0 to 65535", example) from None
    return parts


def _without_password(parts: SplitResult) -> str:
    return parts.geturl().replace(f":{parts.password}@", ":…@") if parts.password else parts.geturl()


def site_url(name: str, default: str) -> SplitResult:
    """The public address of the site: scheme and host, without a path."""
    example = "https://reviews.example"
    parts = address(name, default, ("http", "https"), example=example)
    if not parts.hostname:
        raise BadEnvironment(name, f"{parts.geturl()!r} names no host", example)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise BadEnvironment(name, "must not have a path", example)
    return parts


SQLITE_OPTIONS = {
    # Begin every write transaction with the write lock in hand: a deferred one that reads before it
    # writes fails at once with "database is locked" under load, whatever the timeout.
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,  # seconds to wait for another writer
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;"
        "PRAGMA secure_delete=ON;PRAGMA mmap_size=134217728;PRAGMA journal_size_limit=27103364;PRAGMA cache_size=-8000"
    ),
}


def database(name: str, default: str) -> dict:
    """DATABASES["default"] from an address such as sqlite:///var/rushes.sqlite3 or postgres://user:word@host/name."""
    example = "postgres://rushes:secret@db.example:5432/rushes"
    parts = address(name, default, ("sqlite", "postgres", "postgresql"), example=example)
    if parts.scheme == "sqlite":
        path = unquote(parts.path.removeprefix("/"))
        if not path or parts.netloc:
            raise BadEnvironment(
                name,
                "a SQLite address has three slashes and a file",
                "sqlite:///var/rushes.sqlite3",
            )
        folder = Path(path).absolute().parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BadEnvironment(name, f"the folder {folder} cannot be made ({error.strerror})", example) from None
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(path).absolute(),
            "OPTIONS": SQLITE_OPTIONS,
            "CONN_MAX_AGE": None,
        }
    if not parts.path.strip("/"):
        raise BadEnvironment(name, "names no database", example)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.strip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": parts.port or "",
        "OPTIONS": {key: values[-1] for key, values in parse_qs(parts.query).items()},
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def cache(name: str, default: str) -> dict:
    """CACHES["default"] from memory:// or redis://host:6379/1."""
    parts = address(
        name,
        default,
        ("memory", "redis", "rediss"),
        example="redis://cache.example:6379/1",
    )
    if parts.scheme == "memory":
        return {
            "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
            "LOCATION": "rushes",
        }
    return {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": parts.geturl(),
        "KEY_PREFIX": "rushes",
    }


PROVIDERS = (
    "postmark",
    "mailgun",
    "mailjet",
    "sendgrid",
    "brevo",
    "resend",
    "mailersend",
    "sparkpost",
)
WEBHOOK_KEYS = {"mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY", "mailersend": "MAILERSEND_SIGNING_SECRET"}
"""Providers that sign what they report; the others sign in with a user and a password."""
PROVIDER_TOKEN_OPTION = {"postmark": "server_token", "mailersend": "api_token"}


def mailer(name: str, default: str, outbox: Path) -> dict:
    """One entry of MAILERS from outbox:, smtp://user:word@host:587, smtps://… or provider+postmark://TOKEN@."""
    example = "smtp://user:secret@mail.example:587?tls=starttls"
    parts = address(
        name,
        default,
        ("outbox", "smtp", "smtps", *(f"provider+{word}" for word in PROVIDERS)),
        example=example,
    )
    if parts.scheme == "outbox":
        return {
            "BACKEND": "config.mail.OutboxBackend",
            "OPTIONS": {"file_path": str(outbox)},
        }
    if parts.scheme.startswith("provider+"):
        provider = provider_of(parts)
        if not parts.username:
            raise BadEnvironment(name, "holds no key for the provider", f"provider+{provider}://KEY@")
        options = {PROVIDER_TOKEN_OPTION.get(provider, "api_key"): unquote(parts.username)}
        options |= {key: values[-1] for key, values in parse_qs(parts.query).items()}
        return {
            "BACKEND": f"anymail.backends.{provider}.EmailBackend",
            "OPTIONS": options,
        }
    if not parts.hostname:
        raise BadEnvironment(name, "names no mail server", example)
    tls = parse_qs(parts.query).get("tls", ["none"])[-1]
    if tls not in ("none", "starttls"):
        raise BadEnvironment(name, f"tls={tls!r} is not none or starttls", example)
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or (465 if parts.scheme == "smtps" else 587 if tls == "starttls" else 25),
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_ssl": parts.scheme == "smtps",
            "use_tls": tls == "starttls",
            "timeout": 60,
        },
    }


def provider_of(parts: SplitResult) -> str:
    """The provider behind a mailer's address: of provider+NAME://, or of smtp://…?provider=NAME; empty if none."""
    if parts.scheme.startswith("provider+"):
        return parts.scheme.removeprefix("provider+")
    return parse_qs(parts.query).get("provider", [""])[-1]


def webhook(name: str, mailer_name: str, mailer_address: str) -> tuple[str, dict[str, str]]:
    """The provider whose reports are let in, and django-anymail's settings for it: the key it signs with, or the
    user and password it signs in with. Empty without a secret."""
    secret = text(name, "", example="reports:a-long-random-word")
    if not secret:
        return "", {}
    provider = provider_of(urlsplit(mailer_address))
    if provider not in PROVIDERS:
        fault = f"is of no use while {mailer_name} names no provider (as provider+NAME://, or ?provider=NAME behind smtp://)"
        raise BadEnvironment(name, fault, "reports:a-long-random-word")
    key = WEBHOOK_KEYS.get(provider, "WEBHOOK_SECRET")
    if key == "WEBHOOK_SECRET" and not all(secret.partition(":")):
        raise BadEnvironment(name, f"{provider} signs in, so it has to be user:password", "reports:a-long-random-word")
    return provider, {key: secret}


MOST_LOCAL_PART = 16  # with what is added to it, the part before the @ may have 64


def return_address(name: str) -> str:
    """The variable as the address that reports come back to, to which a "+" and a token can be added; may be empty."""
    example = "bounces@reviews.example"
    value = text(name, "", example=example)
    local, _at, domain = value.rpartition("@")
    if value and not (re.fullmatch(r"[a-z0-9._-]+", local) and re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)*", domain)):
        raise BadEnvironment(name, f"{value!r} is not a plain address in small letters, without a +", example)
    if len(local) > MOST_LOCAL_PART:
        raise BadEnvironment(name, f"{local!r} is longer than {MOST_LOCAL_PART} letters", example)
    return value


def mailbox(name: str) -> str:
    """The variable as the address of a mailbox that can be read; may be empty."""
    example = "imaps://user:secret@mail.example/INBOX"
    if not text(name, "", example=example):
        return ""
    parts = address(name, "", ("imaps", "imap", "pop3s", "pop3"), example=example)
    if not (parts.hostname and parts.username and parts.password):
        raise BadEnvironment(name, "names no host, user or password", example)
    return parts.geturl()
