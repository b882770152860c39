"""`make test` after `make lint`: every test on SQLite, again on PostgreSQL with Redis, then in Chromium.

Starts the servers it needs itself. The last lines say what was run and what was left out; with CI=true
anything left out is an error.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from tests import servers

NO_TESTS = 5  # pytest's exit status when arguments select none


@contextmanager
def second_engine() -> Iterator[dict[str, str]]:
    """The environment of the run on PostgreSQL, with Redis as the cache if there is one."""
    with ExitStack() as stack:
        environment = {"DATABASE_URL": stack.enter_context(servers.postgresql())}
        if servers.redis_program():
            environment["CACHE_URL"] = stack.enter_context(servers.redis()) + "/1"
        yield environment


def pytest(what: str, arguments: list[str], environment: dict[str, str]) -> tuple[str, bool]:
    """Runs pytest; the line that reports it, and whether it passed."""
    print(f"\n── {what} ──", flush=True)
    began = time.monotonic()
    kept = {name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "CACHE_URL")}
    status = subprocess.run([sys.executable, "-m", "pytest", *arguments], env=kept | environment).returncode
    outcome = {0: "passed", NO_TESTS: "no test selected"}.get(status, "FAILED")
    return f"{outcome}: {what} ({time.monotonic() - began:.0f} s)", status in (0, NO_TESTS)


def main(arguments: list[str]) -> int:
    runs, left_out = [], []
    parallel = ["-n", "2", "-q", *arguments]
    with_redis = "with Redis" if servers.redis_program() else "without Redis"

    runs.append(pytest("tests on SQLite", [*parallel, "-m", "not browser"], {}))
    if servers.postgresql_programs():
        with second_engine() as environment:
            runs.append(
                pytest(f"tests on PostgreSQL, {with_redis}", [*parallel, "-m", "not browser and not once"], environment)
            )
    else:
        left_out.append("tests on PostgreSQL: no initdb on this machine (Debian: postgresql)")
    if not servers.redis_program():
        left_out.append("tests with Redis and Celery: no redis-server on this machine (Debian: redis-server)")
    if servers.chromium_program():
        runs.append(pytest("browser tests in Chromium", ["-q", "-m", "browser", *arguments], {}))
    else:
        left_out.append("browser tests: no chromium on this machine (Debian: chromium)")

    print("\n── Summary ──")
    for line, _ in runs:
        print(line)
    for line in left_out or ["nothing"]:
        print(f"left out: {line}")
    failed = not all(passed for _, passed in runs)
    return int(failed or bool(left_out and os.environ.get("CI") == "true"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
