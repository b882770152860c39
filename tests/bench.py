"""`make bench`: what a page costs on the production server, beside a bare Django view in the same run.

    python -m tests.bench [FILMS.jsonl.gz]

Uses a database of its own in a temporary folder: the demo publication and, if named, the films of a file.
Requests a second depend on the machine, and the client shares it; CPU milliseconds of the server's process a
request are the figure to compare.
"""

import http.client
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import servers

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 4
SECONDS = 3
TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")
HEADERS = {"Accept-Encoding": "gzip", "Host": "localhost"}


def python(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([sys.executable, *arguments], env=environment, cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


@contextmanager
def running(environment: dict[str, str], *arguments: str) -> Iterator[int]:
    """A server in a process of its own, from its first answer to the end of the block; its process id."""
    process = subprocess.Popen([sys.executable, *arguments], env=environment, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                fetch(int(environment["PORT"]), "/")
                break
            except OSError:
                if process.poll() is not None or time.monotonic() > deadline:
                    sys.exit("The server did not start")
                time.sleep(0.1)
        yield process.pid
    finally:
        process.terminate()
        process.wait(20)


def fetch(port: int, path: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={"Host": "localhost"})
    response = connection.getresponse()
    if response.status != 200:
        sys.exit(f"{path} answers {response.status}")
    return response.read().decode()


def pages(port: int) -> dict[str, str]:
    """The addresses to measure: the kinds of page, each of the first review and what it links to."""

    def first(kind: str, page: str) -> str:
        return re.search(rf'href="(/{kind}/[^/"]+/)"', page)[1]

    review = first("reviews", fetch(port, "/reviews/"))
    film = first("films", fetch(port, review))
    person = first("people", fetch(port, film))
    return {"home": "/", "review": review, "film": film, "person": person, "archive": "/reviews/"}


def load(port: int, path: str) -> int:
    """Asks for a page from several keep-alive clients for some seconds; how many answers there were."""
    counts = [0] * CLIENTS
    end = time.monotonic() + SECONDS

    def client(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        while time.monotonic() < end:
            connection.request("GET", path, headers=HEADERS)
            response = connection.getresponse()
            response.read()
            assert response.status == 200, f"{path} answers {response.status}"
            counts[number] += 1

    threads = [threading.Thread(target=client, args=[number]) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS_A_SECOND


def pss_megabytes(pid: int) -> float:
    """Memory, with what several processes share counted once."""
    return int(re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)[1]) / 1024


def measure(path: str, port: int, pid: int) -> str:
    """Requests a second and CPU milliseconds a request of one page, as two columns."""
    for _ in range(20):  # templates, caches
        fetch(port, path)
    began, cpu = time.monotonic(), cpu_seconds(pid)
    count = load(port, path)
    per_second = count / (time.monotonic() - began)
    return f"{per_second:>8.0f} {(cpu_seconds(pid) - cpu) * 1000 / count:>8.2f}"


def report(name: str, path: str, port: int, pid: int) -> None:
    """A page as readers get it, kept since it was last made; and made anew, as after each change of content."""
    kept, made = measure(path, port, pid), measure(f"{path}?made-anew", port, pid)
    print(f"{name:<10} {kept}    {made}   {path}", flush=True)


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory(prefix="rushes-bench-") as folder:
        port = servers.free_port()
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"SECRET_KEY": "only-for-the-bench-" * 3, "DATA_DIR": folder, "PORT": str(port), "MALLOC_ARENA_MAX": "2"}
        site = keep | own | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        print("Preparing …", flush=True)
        python(site, "manage.py", "migrate", "--verbosity", "0")
        python(site, "manage.py", "load_demo")
        for films in arguments:
            python(site, "manage.py", "load_films", films)
        python(site, "manage.py", "collectstatic", "--noinput", "--verbosity", "0")

        print(f"{'':<10} {'kept':^17}    {'made anew':^17}")
        print(f"{'page':<10} {'req/s':>8} {'CPU ms':>8}    {'req/s':>8} {'CPU ms':>8}")
        with running(site | {"DJANGO_SETTINGS_MODULE": "tests.bare"}, "-m", "config.web") as web:
            report("bare", "/", port, web)
        worker = subprocess.Popen([sys.executable, "manage.py", "worker"], env=site, cwd=ROOT)
        try:
            with running(site, "-m", "config.web") as web:
                for name, path in pages(port).items():
                    report(name, path, port, web)
                memory = {"web server": pss_megabytes(web), "worker": pss_megabytes(worker.pid)}
        finally:
            worker.terminate()
            worker.wait(20)
        each = ", ".join(f"{name} {size:.0f} MB" for name, size in memory.items())
        print(f"memory     {each}, together {sum(memory.values()):.0f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
