"""`make demo`: from nothing to a running publication, in one command (`python -m config.demo`).

This process stays small, since it becomes the supervisor (config/serve.py); what needs Django is done once,
in a process that ends: `python -m config.demo prepare`, which writes the place to serve at to a pipe.
"""

import hashlib
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from config import serve

LOGINS = {"owner": "everything", "editor": "reviews, films, people", "author": "their own reviews"}
PASSWORD = "rushes-demo"


def data_dir() -> Path:
    return Path(os.environ.get("DATA_DIR") or serve.ROOT / "var").absolute()


def make_secret_key() -> None:
    """A key of this installation's own, kept in DATA_DIR, where config/settings.py looks for it."""
    data_dir().mkdir(parents=True, exist_ok=True)
    if not os.environ.get("SECRET_KEY") and not (data_dir() / "secret_key").exists():
        descriptor = os.open(data_dir() / "secret_key", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48) + "\n")


def prepare() -> serve.Place:
    """Bring database and static files up to date, and fill an empty publication. Changes nothing that is there.

    Answers with the place to serve at, which it has found free before it began.
    """
    import django
    from django.conf import settings

    place = serve.Place(settings.BIND, settings.PORT, settings.SITE_URL)
    serve.refuse_taken_port(place)
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    call_command("load_demo", "--if-empty")
    collect_static()
    return place


def collect_static() -> None:
    """`collectstatic`, which takes some seconds, only when a static file has changed since the last time."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    def sources() -> Iterable[Path]:
        for finder in get_finders():
            for path, storage in finder.list([]):
                yield Path(storage.path(path))

    stamp = settings.STATIC_ROOT / ".collected-from"
    state = fingerprint(sources())
    if stamp.is_file() and stamp.read_text() == state:
        return
    print("Collecting and compressing static files …", flush=True)
    call_command("collectstatic", interactive=False, verbosity=0, clear=True)
    stamp.write_text(state)


def fingerprint(files: Iterable[Path]) -> str:
    """A word that changes with the name, size or time of any file."""
    known = sorted((str(file), status.st_size, status.st_mtime_ns) for file in files for status in [file.stat()])
    return hashlib.sha256(repr(known).encode()).hexdigest()


def greeting(place: serve.Place) -> str:
    """What the person who typed `make demo` needs next."""
    password = PASSWORD if "://localhost:" in place.site_url else "as shown when it was loaded"
    lines = [
        f"Read     {place.site_url}/",
        f"Edit     {place.site_url}/admin/",
        *(f"         {name:<8} may edit {what}" for name, what in LOGINS.items()),
        f"         password of all three: {password}",
        f"Mail     is kept in {data_dir() / 'outbox'}: {place.site_url}/admin/outbox/",
        "Stop     with Ctrl-C, which stops everything; what was written stays",
    ]
    rule = "─" * max(map(len, lines))
    return "\n".join(["", rule, *lines, rule, ""])


def main() -> None:
    make_secret_key()
    os.environ.setdefault("DEMO", "true")
    reading, writing = os.pipe()
    command = [sys.executable, "-m", "config.demo", "prepare", str(writing)]
    status = subprocess.run(command, pass_fds=[writing], cwd=serve.ROOT).returncode
    if status:
        sys.exit(status)
    os.close(writing)
    with os.fdopen(reading) as answer:
        place = serve.Place(*json.load(answer))
    serve.supervise(place, greeting(place))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        if sys.argv[1:2] == ["prepare"]:
            os.write(int(sys.argv[2]), json.dumps(prepare()).encode())
        else:
            main()
    except KeyboardInterrupt:  # while still preparing; nothing is half done
        sys.exit(130)
