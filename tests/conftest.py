"""Fixtures for all tests. Settings and environment: tests/settings.py."""

import pytest
from django.core.cache import cache
from playwright.sync_api import sync_playwright

from tests import servers


def pytest_collection_modifyitems(items):
    """Tests that need a program which is not installed are skipped; tests/run.py says so at its end."""
    missing = {
        "redis": None if servers.redis_program() else pytest.mark.skip(reason="no redis-server"),
        "browser": None if servers.chromium_program() else pytest.mark.skip(reason="no chromium"),
    }
    for item in items:
        for name, mark in missing.items():
            if mark and item.get_closest_marker(name):
                item.add_marker(mark)


@pytest.fixture(autouse=True)
def _own_surroundings(settings, tmp_path):
    """No test sees another's media, mail, cache or permit to send letters, which lies in DATA_DIR."""
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "media"
    settings.OUTBOX = tmp_path / "outbox"
    cache.clear()


@pytest.fixture(scope="session")
def redis_server():
    """The address of a Redis server of this process's own."""
    with servers.redis() as address:
        yield address


@pytest.fixture(scope="session")
def chromium():
    """Debian's Chromium, driven by Playwright, one for all browser tests."""
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=servers.chromium_program(), args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def browser_page(chromium, live_server):
    """A page with nothing in its memory, at `live_server`. Fails the test on any console error, uncaught
    exception or violation of the Content-Security-Policy (which the console reports as an error)."""
    context = chromium.new_context(base_url=live_server.url, viewport={"width": 1280, "height": 900})
    context.set_default_timeout(15_000)
    page = context.new_page()
    faults = []
    context.on("console", lambda message: message.type == "error" and faults.append(message.text))
    context.on("weberror", lambda error: faults.append(str(error.error)))
    page.faults = faults  # a test that provokes an error takes it out of this list
    yield page
    context.close()
    assert faults == []
