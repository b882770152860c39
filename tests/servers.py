"""Throwaway PostgreSQL, Redis and S3 servers on free ports of this machine, and where their programs are."""

import getpass
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def postgresql_programs() -> Path | None:
    """The folder with initdb and postgres, if they are installed; the newest version if several are."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    installed = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max((path.parent for path in installed), key=lambda folder: int(folder.parent.name), default=None)


def redis_program() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def chromium_program() -> str | None:
    return shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def postgresql() -> Iterator[str]:
    """A new, empty PostgreSQL server; its DATABASE_URL. It forgets on power failure and asks for no password."""
    programs = postgresql_programs()
    with _folder() as folder:
        owner = _unprivileged_owner(folder)
        data, port = folder / "data", free_port()
        _run_quietly(
            [
                programs / "initdb",
                "-D",
                data,
                "-U",
                "rushes",
                "--auth=trust",
                "--no-sync",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
            ],
            **owner,
        )
        options = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "100"}
        command = [programs / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder]
        command += [f"--{name}={value}" for name, value in options.items()]
        with _process(command, lambda: _ready(programs / "pg_isready", "-h", "127.0.0.1", "-p", str(port)), **owner):
            yield f"postgres://rushes@127.0.0.1:{port}/postgres"


@contextmanager
def redis() -> Iterator[str]:
    """A new, empty Redis server that keeps nothing on disk; its address without a database number."""
    port = free_port()
    with _folder() as folder:
        command = [redis_program(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder]
        with _process(command, lambda: _listens(port)):
            yield f"redis://127.0.0.1:{port}"


@contextmanager
def s3() -> Iterator[str]:
    """moto's S3 server, a process that speaks the real protocol; its address."""
    port = free_port()
    code = f"from moto.server import main; main(['-H', '127.0.0.1', '-p', '{port}'])"
    with _process([sys.executable, "-c", code], lambda: _listens(port)):
        yield f"http://127.0.0.1:{port}"


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rushes-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_owner(folder: Path) -> dict:
    """Popen's arguments for a user that PostgreSQL accepts (it refuses root), who then owns the folder."""
    if getpass.getuser() != "root" and os.getuid() != 0:
        return {}
    name = next(name for name in ("postgres", "nobody") if name in {user.pw_name for user in pwd.getpwall()})
    shutil.chown(folder, name)
    return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": [], "cwd": folder}


def _run_quietly(command: list, **options) -> None:
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")


@contextmanager
def _process(command: list, is_ready: Callable[[], bool], **options) -> Iterator[None]:
    """The command, running, from the moment it is ready to the end of the block."""
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, **options)
        try:
            deadline = time.monotonic() + 30
            while not is_ready():
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    raise RuntimeError(f"{command[0]} did not start:\n{log.read()}")
                time.sleep(0.05)
            yield
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _ready(*command) -> bool:
    return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
