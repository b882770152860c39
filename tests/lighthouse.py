"""`python -m tests.lighthouse`: what Lighthouse says of each kind of page, on an emulated phone.

    python -m tests.lighthouse [--runs N] [--lighthouse PROGRAM]

Starts the demo publication in a temporary folder and asks Lighthouse (`npm install --global lighthouse`) about each kind of
page several times. Prints the medians as a table in Markdown, and ends with status 1 where a figure misses its bar.
The performance figure falls by some points when the machine has other work.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

from tests import bench, servers

RUNS = 3
BARS = {"performance": 98, "accessibility": 100, "best-practices": 100, "seo": 100}
SHIFT, PAINT, BLOCKED = "cumulative-layout-shift", "largest-contentful-paint", "total-blocking-time"
# Only this machine is asked for anything.
CHROME = "--headless --no-sandbox --disable-gpu --host-resolver-rules='MAP * ~NOTFOUND , EXCLUDE localhost'"
PATIENCE_SECONDS = 180
PREPARING = [
    ["migrate", "--verbosity", "0"],
    ["load_demo"],
    ["db_worker", "--batch", "--queue-name", "*", "--verbosity", "0"],  # pictures in their sizes
    ["collectstatic", "--noinput", "--verbosity", "0"],
]


def program(named: str | None) -> str:
    found = shutil.which(named or "lighthouse")
    if not found:
        sys.exit(f"{named or 'lighthouse'} is not installed. Get it with: npm install --global lighthouse")
    if not servers.chromium_program():
        sys.exit("Lighthouse needs Chromium, which is not installed")
    return found


def look(lighthouse: str, address: str) -> dict[str, float]:
    """One run: the four figures out of 100, and what moved and took how long."""
    command = [
        lighthouse,
        address,
        "--quiet",
        "--output=json",
        "--no-enable-error-reporting",
        f"--chrome-flags={CHROME}",
    ]
    environment = os.environ | {"CHROME_PATH": str(servers.chromium_program())}
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True, timeout=PATIENCE_SECONDS)
    found = json.loads(done.stdout)
    scores = {name: round(100 * (found["categories"][name]["score"] or 0)) for name in BARS}
    return scores | {name: found["audits"][name]["numericValue"] for name in (SHIFT, PAINT, BLOCKED)}


def medians(lighthouse: str, address: str, runs: int) -> dict[str, float]:
    found = [look(lighthouse, address) for _ in range(runs)]
    return {name: statistics.median(run[name] for run in found) for name in found[0]}


def misses(found: dict[str, float]) -> list[str]:
    """The names of the figures that are not good enough."""
    return [name for name, bar in BARS.items() if found[name] < bar] + [SHIFT] * (found[SHIFT] > 0)


def row(name: str, found: dict[str, float]) -> str:
    scores = " | ".join(f"{found[score]:.0f}" for score in BARS)
    return f"| {name.capitalize()} | {scores} | {found[SHIFT]:.3f} | {found[PAINT] / 1000:.1f} | {found[BLOCKED]:.0f} |"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--runs", type=int, default=RUNS)
    arguments.add_argument("--lighthouse", help="the program, where it is not on the PATH")
    chosen = arguments.parse_args()
    lighthouse, missed = program(chosen.lighthouse), {}
    with tempfile.TemporaryDirectory(prefix="rushes-lighthouse-") as folder:
        port = servers.free_port()
        keep = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        own = {"SECRET_KEY": "only-for-the-bench-" * 3, "DATA_DIR": folder, "PORT": str(port)}
        site = keep | own | {"DJANGO_SETTINGS_MODULE": "config.settings"}
        print("Preparing …", file=sys.stderr, flush=True)
        for command in PREPARING:
            bench.python(site, "manage.py", *command)
        print(
            "| Page | Performance | Accessibility | Best practices | SEO | Layout shift | Largest paint, s | Blocked, ms |"
        )
        print("| --- | --: | --: | --: | --: | --: | --: | --: |")
        with bench.running(site, "-m", "config.web"):
            for name, path in (bench.pages(port) | {"search": "/search/?q=ozu"}).items():
                found = medians(lighthouse, f"http://localhost:{port}{path}", chosen.runs)
                print(row(name, found), flush=True)
                missed |= {path: names} if (names := misses(found)) else {}
    for path, names in missed.items():
        print(f"{path} is not good enough in {', '.join(names)}", file=sys.stderr)
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
