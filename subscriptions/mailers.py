"""What bulk mail goes through: the mailer "newsletter" of the settings, whatever it is."""

import email
from email.policy import default as policy
from typing import Protocol

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers

from subscriptions.outcome import Fate, Outcome, without_address
from subscriptions.smtp import SmtpLine

MAILER = "newsletter"
SMTP_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
SET_BY_MAILER = {"from", "to", "subject", "content-type", "content-transfer-encoding", "mime-version"}
TOO_MANY_REQUESTS = 429
UNAVAILABLE = 503


class Line(Protocol):
    """A way to the provider, used by one thread."""

    def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        """Hand over one message and say what is known of it."""

    def quit(self) -> None:
        """Nothing more will be sent."""


def new_line() -> Line:
    """A way to the provider that the settings name."""
    mailer = settings.MAILERS[MAILER]
    return SmtpLine(**mailer["OPTIONS"]) if mailer["BACKEND"] == SMTP_BACKEND else BackendLine()


class BackendLine:
    """Any other backend of Django's: files in the outbox, or a provider's web interface (django-anymail)."""

    def __init__(self):
        self.backend = mailers[MAILER]
        self.is_kept = hasattr(self.backend, "session")  # a web interface; of files each mail gets one of its own

    def send(self, sender: str, recipient: str, message: bytes) -> Outcome:
        try:
            if self.is_kept:
                self.backend.open()
            else:
                self.backend = mailers[MAILER]
            self.backend.send_messages([_for_django(recipient, message)])
        except Exception as error:
            return _judged(error, recipient)
        return Outcome(Fate.ACCEPTED, "Taken")

    def quit(self) -> None:
        self.backend.close()


def _for_django(recipient: str, message: bytes) -> EmailMultiAlternatives:
    parsed = email.message_from_bytes(message, policy=policy)
    text, html = parsed.get_body(("plain",)), parsed.get_body(("html",))
    made = EmailMultiAlternatives(
        str(parsed["Subject"]),
        text.get_content().replace("\r\n", "\n") if text else "",
        str(parsed["From"]),
        [recipient],
        headers={name: str(value) for name, value in parsed.items() if name.lower() not in SET_BY_MAILER},
    )
    if html:
        made.attach_alternative(html.get_content().replace("\r\n", "\n"), "text/html")
    return made


def _judged(error: Exception, recipient: str) -> Outcome:
    """What an exception of a backend means: by the status of the provider's answer, which anymail's errors carry."""
    status = getattr(error, "status_code", None)
    answer = without_address(f"{status or type(error).__name__}: {error}", recipient)
    if status is None:
        return Outcome(_fate_without_answer(error), answer)
    if status in (401, 403):
        return Outcome(Fate.REFUSED, answer)
    if status == TOO_MANY_REQUESTS or (status == UNAVAILABLE and _says_when(error)):
        return Outcome(Fate.LATER, answer)
    if status >= 500 or status < 400:
        return Outcome(Fate.UNKNOWN, answer)  # it may have failed, or be misunderstood, with the mail already taken
    return Outcome(Fate.FAILED, answer)


def _says_when(error: Exception) -> bool:
    """Whether the provider asks to come back: it has taken nothing then."""
    headers = getattr(getattr(error, "response", None), "headers", None) or {}
    return any(name.lower() == "retry-after" for name in headers)


def _fate_without_answer(error: Exception) -> Fate:
    """Of a request that began and got no answer nobody knows; whatever failed before took nothing."""
    kinds = {kind.__name__ for kind in type(error).__mro__}  # by name: neither requests nor anymail need be installed
    if kinds & {"AnymailRecipientsRefused", "AnymailInvalidAddress"}:
        return Fate.FAILED
    if "RequestException" in kinds:
        before = kinds & {"ConnectTimeout", "SSLError"} or "establish a new connection" in str(error)
        return Fate.REFUSED if before else Fate.UNKNOWN
    before = isinstance(error, OSError) or kinds & {"AnymailError", "ImproperlyConfigured"}
    return Fate.REFUSED if before else Fate.UNKNOWN
