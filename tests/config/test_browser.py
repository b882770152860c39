"""The browser fixture itself: what must fail a test does."""

import pytest

pytestmark = pytest.mark.browser


def test_violation_of_the_content_policy_is_noticed(browser_page):
    browser_page.goto("/health/live")

    browser_page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'alert(1)'}))")
    browser_page.wait_for_function("true")

    [fault] = browser_page.faults
    assert "Content Security Policy" in fault
    browser_page.faults.clear()


def test_uncaught_exception_is_noticed(browser_page):
    browser_page.goto("/health/live")

    browser_page.evaluate("setTimeout(() => { throw new Error('as asked') })")
    browser_page.wait_for_timeout(200)

    assert "as asked" in browser_page.faults.pop()


def test_admin_sign_in_breaks_no_rule(browser_page):
    browser_page.goto("/admin/login/")

    assert browser_page.get_by_label("Password").is_visible()
