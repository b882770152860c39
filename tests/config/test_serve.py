"""The supervisor and the two servers under it."""

import os
import signal
import socket
import time

import pytest

from tests.config.conftest import children_of, is_alive, wait_until

pytestmark = pytest.mark.once


@pytest.fixture
def serving(site):
    """A site whose servers are up, and the supervisor's process."""
    supervisor = site.start("-m", "config.serve")
    site.wait_for_page("/health/live", supervisor)
    wait_until(lambda: len(children_of(supervisor.pid)) == 2, "both children")
    return site, supervisor


def test_health_is_good_and_the_supervisor_says_where_it_serves(serving):
    site, _ = serving

    assert site.get("/health/ready")[0] == 200
    wait_until(
        lambda: f"Serving http://localhost:{site.port} on 127.0.0.1:{site.port}\n" in site.log.read_text(),
        "the greeting",
    )


@pytest.mark.parametrize("child", ["config.web", "worker"])
def test_child_that_dies_is_replaced(serving, child):
    site, supervisor = serving
    before = children_of(supervisor.pid)

    os.kill(before[child], signal.SIGKILL)

    after = wait_until(lambda: (now := children_of(supervisor.pid)) != before and len(now) == 2 and now, "a new child")
    assert [name for name in before if before[name] != after[name]] == [child]
    wait_until(lambda: site.get("/health/live")[0] == 200, "the page of the new child")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_everything(serving, number):
    site, supervisor = serving
    children = children_of(supervisor.pid)
    began = time.monotonic()

    supervisor.send_signal(number)

    assert supervisor.wait(15) == 0
    assert time.monotonic() - began < 10
    assert not any(is_alive(pid) for pid in children.values())


def test_killed_supervisor_leaves_no_orphan(serving):
    site, supervisor = serving
    children = children_of(supervisor.pid)

    supervisor.kill()

    wait_until(lambda: not any(is_alive(pid) for pid in children.values()), "the end of the children", 10)


def test_child_that_will_not_end_is_killed(serving):
    site, supervisor = serving
    children = children_of(supervisor.pid)
    os.kill(children["worker"], signal.SIGSTOP)
    began = time.monotonic()

    supervisor.terminate()

    assert supervisor.wait(15) == 0
    assert time.monotonic() - began < 10
    assert not any(is_alive(pid) for pid in children.values())


def test_taken_port_is_one_line(site):
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()

        ended = site.run("-m", "config.serve")

    line = f"PORT: 127.0.0.1:{site.port} cannot be used (Address already in use). Example: PORT={site.port + 1}\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line)


def test_wrong_value_is_one_line(site):
    ended = site.run("-m", "config.serve", TIME_ZONE="Mars/Olympus")

    line = "TIME_ZONE: 'Mars/Olympus' is not the name of a time zone. Example: TIME_ZONE=Europe/London\n"
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, "", line)


def test_everything_together_is_small(serving):
    """Web server, worker and supervisor share 200 MB, measured as PSS so that shared pages count once."""
    site, supervisor = serving
    for page in ("/", "/reviews/", "/admin/login/"):
        site.get(page)

    pids = [supervisor.pid, *children_of(supervisor.pid).values()]

    assert sum(pss_megabytes(pid) for pid in pids) < 200


def pss_megabytes(pid: int) -> float:
    with open(f"/proc/{pid}/smaps_rollup") as lines:  # noqa: PTH123
        return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
