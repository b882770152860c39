"""The production servers under one roof: `python -m config.serve`.

Starts the web server and the task worker, replaces one that dies, and ends both on Ctrl-C or SIGTERM. It
never imports Django itself (a short-lived process does), so it costs 12 MB and not 60. Where systemd or
containers look after processes, WEB and WORKER below are the two commands to run.
"""

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WEB = [sys.executable, "-m", "config.web"]
WORKER = [sys.executable, "manage.py", "worker"]
CHILD_ENVIRONMENT = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "MALLOC_ARENA_MAX": "2",  # else glibc keeps a pool of memory for each thread
}
HEAD_START_SECONDS = 2  # of the web server: on a small machine the first page should not wait for the worker
STOP_SECONDS = 8
LONGEST_PAUSE_SECONDS = 30
HEALTHY_SECONDS = 60
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)
PR_SET_PDEATHSIG = 1


class Place(NamedTuple):
    """Where the web server listens, and what the public calls it."""

    bind: str
    port: int
    site_url: str


def read_settings() -> Place:
    """Checks the whole environment, in a process of its own; a wrong value, named by that process, ends this one."""
    code = "import json; from config import settings as s; print(json.dumps([s.BIND, s.PORT, s.SITE_URL]))"
    answer = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if answer.returncode:
        sys.exit(answer.returncode)
    return Place(*json.loads(answer.stdout))


def refuse_taken_port(place: Place) -> None:
    """Ends the process with one line if another one listens there.

    The web server would not notice: it shares its port so that several processes can listen together.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(place.bind, place.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        example = place.port + 1 if place.port < 65535 else 8000
        sys.exit(f"PORT: {place.bind}:{place.port} cannot be used ({error.strerror}). Example: PORT={example}")


class Child:
    """A command kept alive: started again when it ends, after a pause that doubles while it keeps failing."""

    def __init__(self, name: str, command: list[str], start_at: float = 0):
        self.name, self.command, self.start_at = name, command, start_at
        self.process: subprocess.Popen | None = None
        self.pause = 1

    def tend(self, now: float) -> None:
        """Start it if it is due, note its death if it died."""
        if self.process is None:
            if now >= self.start_at:
                self.start(now)
        elif (status := self.process.poll()) is not None:
            self.end(signal.SIGKILL)  # what it may have left behind
            self.process = None
            self.pause = 1 if now - self.started > HEALTHY_SECONDS else min(self.pause * 2, LONGEST_PAUSE_SECONDS)
            self.start_at = now + self.pause
            print(f"The {self.name} ended (status {status}); starting it again in {self.pause} s", file=sys.stderr)

    def start(self, now: float) -> None:
        self.started = now
        self.process = subprocess.Popen(
            self.command,
            # A group of its own: Ctrl-C reaches this process alone, which then ends the children in order.
            process_group=0,
            preexec_fn=_die_with(os.getpid()),
            env=CHILD_ENVIRONMENT | os.environ,
            cwd=ROOT,
        )

    def end(self, number: signal.Signals) -> None:
        """Signal the whole group of the child."""
        if self.process:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, number)

    def wait(self, deadline: float) -> None:
        """Until it is gone; by force from the deadline on."""
        if self.process:
            try:
                self.process.wait(max(0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                print(f"The {self.name} does not end; killing it", file=sys.stderr)
            self.end(signal.SIGKILL)
            self.process.wait()


def _die_with(parent: int) -> Callable[[], None] | None:
    """What a child runs first so that even a parent killed outright leaves no orphan (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def run_in_child() -> None:
        prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    return run_in_child


def _stop(number, frame):
    raise SystemExit(0)


def supervise(place: Place, greeting: str) -> None:
    """Keep web server and worker running until told to stop; print the greeting once the first page can be had."""
    for number in STOP_SIGNALS:
        signal.signal(number, _stop)
    head_start = time.monotonic() + HEAD_START_SECONDS
    children = [Child("web server", WEB), Child("worker", WORKER, start_at=head_start)]
    try:
        while True:
            for child in children:
                child.tend(time.monotonic())
            if greeting and _answers(place):
                print(greeting, flush=True)
                greeting = ""
            time.sleep(0.1 if greeting else 0.5)
    finally:
        for number in STOP_SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        deadline = time.monotonic() + STOP_SECONDS
        for child in children:
            child.end(signal.SIGTERM)
        for child in children:
            child.wait(deadline)


def _answers(place: Place) -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(place.bind, place.bind)
    with suppress(OSError), socket.create_connection((host, place.port), timeout=1):
        return True
    return False


def main() -> None:
    place = read_settings()
    refuse_taken_port(place)
    supervise(place, f"Serving {place.site_url} on {place.bind}:{place.port}")


if __name__ == "__main__":
    main()
