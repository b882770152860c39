"""Mail that comes back, as mail servers write it: for tests."""

from email.message import EmailMessage
from email.utils import make_msgid

from subscriptions.frame import message_id
from subscriptions.models import Delivery


def headers_of(delivery: Delivery, **more: str) -> str:
    """What a mail server sends back of our mail."""
    headers = {
        "Message-ID": message_id(delivery.mailing.identity, delivery.pk),
        "To": delivery.subscriber.address,
        "Subject": "Beau Travail (1999)",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def report(
    status: str = "5.1.1",
    *,
    to: str = "letters@testserver",
    recipient: str = "reader@home.example",
    said: str = "smtp; no more is known",
    action: str = "failed",
    returned: str = "",
    identity: str = "",
) -> bytes:
    """A delivery report (RFC 3464)."""
    return _multipart(
        to,
        identity,
        "delivery-status",
        f"Reporting-MTA: dns; mx.home.example\r\n\r\nFinal-Recipient: rfc822; {recipient}\r\n"
        f"Action: {action}\r\nStatus: {status}\r\nDiagnostic-Code: {said}\r\n",
        returned,
    )


def complaint(*, to: str = "letters@testserver", kind: str = "abuse", returned: str = "", identity: str = "") -> bytes:
    """What a mailbox provider sends when its reader presses "spam" (RFC 5965)."""
    return _multipart(to, identity, "feedback-report", f"Feedback-Type: {kind}\r\nUser-Agent: Home/1.0\r\n", returned)


def _multipart(to: str, identity: str, kind: str, fields: str, returned: str) -> bytes:
    lines = (
        f"From: MAILER-DAEMON@mx.home.example\r\nTo: {to}\r\nSubject: About your mail\r\n"
        f"Message-ID: {identity or make_msgid(domain='mx.home.example')}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="b"\r\n\r\n'
        f"--b\r\nContent-Type: text/plain\r\n\r\nSomething became of your mail.\r\n"
        f"--b\r\nContent-Type: message/{kind}\r\n\r\n{fields}\r\n"
        f"--b\r\nContent-Type: text/rfc822-headers\r\n\r\n{returned}\r\n--b--\r\n"
    )
    return lines.encode()


def holiday(to: str) -> bytes:
    """What a machine answers while somebody is away."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "reader@home.example", to, "Away until May 5"
    message["Auto-Submitted"] = "auto-replied"
    message.set_content("I am away. Error 550 5.1.1 is what my boss calls it.")
    return message.as_bytes()
