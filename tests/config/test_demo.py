"""`make demo`, without make."""

import socket
import stat
import time

import pytest

from config import demo
from tests.config.conftest import wait_until

pytestmark = pytest.mark.once


def test_first_start_fills_an_empty_folder_and_the_second_keeps_it(empty_site):
    site = empty_site

    first = site.start("-m", "config.demo")
    site.wait_for_page("/", first)
    wait_until(lambda: "Ctrl-C" in site.log.read_text(), "the greeting")
    key = (site.folder / "secret_key").read_text()
    collected = (site.folder / "static/.collected-from").stat().st_mtime_ns
    site.django("from django.contrib.auth import get_user_model as m; m().objects.filter(username='author').delete()")
    first.terminate()
    assert first.wait(15) == 0

    began = time.monotonic()
    site.wait_for_page("/", site.start("-m", "config.demo"))

    assert time.monotonic() - began < 15  # on an idle machine with two cores: under 6
    assert (site.folder / "secret_key").read_text() == key
    assert stat.S_IMODE((site.folder / "secret_key").stat().st_mode) == 0o600
    assert (site.folder / "static/.collected-from").stat().st_mtime_ns == collected
    users = site.django(
        "from django.contrib.auth import get_user_model as m; print(*m().objects.values_list('username'))"
    )
    assert "author" not in users


def test_demo_logins_are_the_ones_it_prints(empty_site):
    site = empty_site
    demo_user = (
        "from django.contrib.auth import authenticate as a\n"
        f"print(*(bool(a(username=name, password={demo.PASSWORD!r})) for name in {list(demo.LOGINS)}))"
    )
    site.environment["SECRET_KEY"] = "k" * 50
    assert site.run("manage.py", "migrate", "--verbosity", "0").returncode == 0
    assert site.run("manage.py", "load_demo", "--if-empty").returncode == 0

    assert site.django(demo_user) == "True True True"


def test_greeting_says_where_to_go(monkeypatch):
    monkeypatch.setenv("DATA_DIR", "/srv/rushes")

    text = demo.greeting(demo.serve.Place("127.0.0.1", 8123, "http://localhost:8123"))

    for part in ("http://localhost:8123/admin/", "owner", "editor", "author", "rushes-demo", "/srv/rushes/outbox"):
        assert part in text


def test_greeting_keeps_quiet_about_a_password_that_is_not_the_usual_one():
    text = demo.greeting(demo.serve.Place("0.0.0.0", 8000, "https://reviews.example"))

    assert "https://reviews.example/admin/" in text
    assert demo.PASSWORD not in text


def test_taken_port_is_one_line_and_nothing_is_loaded(empty_site):
    site = empty_site
    with socket.socket() as other:
        other.bind(("127.0.0.1", site.port))
        other.listen()

        ended = site.run("-m", "config.demo")

    assert ended.returncode == 1
    assert ended.stderr.startswith(f"PORT: 127.0.0.1:{site.port} cannot be used")
    assert ended.stderr.count("\n") == 1
    assert [path.name for path in site.folder.iterdir()] == ["secret_key"]


def test_static_files_are_collected_again_only_after_a_change(tmp_path):
    file = tmp_path / "site.css"
    file.write_text("a { }")
    before = demo.fingerprint([file])

    assert demo.fingerprint([file]) == before
    file.write_text("b { color: red }")
    assert demo.fingerprint([file]) != before
