"""Providers reached by a web interface: what is known of a mail after each of their answers."""

import pytest
import requests
from anymail.exceptions import AnymailRequestsAPIError
from django.core.mail.backends.base import BaseEmailBackend

from subscriptions.mailers import new_line
from subscriptions.outcome import Fate

MESSAGE = b"From: letters@example.org\r\nSubject: Hello\r\nContent-Type: text/plain\r\n\r\nHello\r\n"


class WebInterface(BaseEmailBackend):
    """A backend of django-anymail's whose provider answers as the test says."""

    status: int
    headers: dict[str, str]

    def send_messages(self, email_messages):
        response = requests.Response()
        response.status_code, response.reason = self.status, "said"
        response.headers.update(self.headers)
        raise AnymailRequestsAPIError("No", response=response)


@pytest.fixture
def answer(settings, monkeypatch):
    """Sends a mail, and says what became of it by the provider's answer."""
    backend = {"BACKEND": f"{__name__}.WebInterface"}
    settings.MAILERS = settings.MAILERS | {"newsletter": backend}

    def answer(status: int, **headers: str) -> Fate:
        monkeypatch.setattr(WebInterface, "status", status, raising=False)
        monkeypatch.setattr(WebInterface, "headers", headers, raising=False)
        return new_line().send("letters@example.org", "ada@example.org", MESSAGE).fate

    return answer


@pytest.mark.parametrize("status", [200, 500, 502, 503, 504])
def test_provider_that_fails_may_have_taken_the_mail(answer, status):
    assert answer(status) is Fate.UNKNOWN


def test_provider_that_asks_us_to_come_back_has_taken_nothing(answer):
    assert answer(429) is Fate.LATER
    assert answer(503, **{"Retry-After": "30"}) is Fate.LATER


def test_provider_that_refuses_says_whom_it_means(answer):
    assert (answer(401), answer(422)) == (Fate.REFUSED, Fate.FAILED)
