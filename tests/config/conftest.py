"""A site of the test's own, run in processes of its own."""

import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path

import psycopg2
import pytest

from tests import servers

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 60


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE_SECONDS):
    """The condition's first true answer; fails the test when it does not come."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(0.05)
    pytest.fail(f"{what} did not happen within {seconds} s")


class Site:
    """Environment and processes of one installation; every process it started ends with the test."""

    def __init__(self, folder: Path, **environment: str):
        self.folder = folder
        self.port = servers.free_port()
        self.log = folder / "log"
        own = {"DATA_DIR": str(folder), "PORT": str(self.port), "SITE_URL": f"http://localhost:{self.port}"}
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
        self.environment = kept | own | {"DJANGO_SETTINGS_MODULE": "config.settings"} | environment
        self.processes: list[subprocess.Popen] = []

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess:
        """Runs Python with these arguments to its end."""
        return subprocess.run(
            [sys.executable, *command],
            env=self.environment | environment,
            cwd=ROOT,
            text=True,
            capture_output=True,
            timeout=120,
        )

    def django(self, code: str) -> str:
        """Runs a line of Python in the site; what it prints."""
        done = self.run("-c", f"import django; django.setup(); {code}")
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def start(self, *command: str, **environment: str) -> subprocess.Popen:
        """Starts Python with these arguments; its output goes to `log`."""
        with self.log.open("a") as log:
            process = subprocess.Popen(
                [sys.executable, *command], env=self.environment | environment, cwd=ROOT, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page; status 0 while nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return response.status, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def wait_for_page(self, path: str, process: subprocess.Popen) -> None:
        """Until the page can be had; fails at once, with the log, when it is an error or its server has ended."""
        status = wait_until(lambda: self.get(path)[0] or process.poll() is not None, f"the page {path}", 240)
        assert (status, process.poll()) == (200, None), self.log.read_text()

    def end(self) -> None:
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def children_of(pid: int) -> dict[str, int]:
    """Process ids of the living children of a process, by a word of their command."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            command = (stat.parent / "cmdline").read_text().split("\0")
        except OSError:
            continue
        if int(parent) == pid and state != "Z":
            found |= {word: int(stat.parent.name) for word in ("config.web", "worker") if word in command}
    return found


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory) -> Path:
    """An empty SQLite database with all tables, to be copied."""
    site = Site(tmp_path_factory.mktemp("migrated"), SECRET_KEY="k" * 50)
    done = site.run("manage.py", "migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    site.django("from django.db import connection as c; c.cursor().execute('PRAGMA journal_mode=DELETE')")
    return site.folder / "rushes.sqlite3"


@pytest.fixture
def empty_site(tmp_path):
    """A site with nothing in its folder, not even a secret key."""
    site = Site(tmp_path / "site")
    site.folder.mkdir()
    yield site
    site.end()


@pytest.fixture
def site(empty_site, migrated_file):
    """A site on SQLite with a secret key and all tables."""
    empty_site.environment["SECRET_KEY"] = "k" * 50
    shutil.copy(migrated_file, empty_site.folder / "rushes.sqlite3")
    return empty_site


@pytest.fixture
def site_on_this_database(site):
    """A site on the kind of database that this run of the tests is on."""
    address = os.environ.get("DATABASE_URL", "")
    if not address.startswith("postgres"):
        yield site
        return
    name = f"site_{uuid.uuid4().hex}"
    _execute(address, f"CREATE DATABASE {name}")
    site.environment["DATABASE_URL"] = address.rpartition("/")[0] + f"/{name}"
    done = site.run("manage.py", "migrate", "--verbosity", "0")
    assert done.returncode == 0, done.stderr
    yield site
    site.end()
    _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


def _execute(address: str, statement: str) -> None:
    connection = psycopg2.connect(address)
    connection.autocommit = True
    connection.cursor().execute(statement)
    connection.close()
