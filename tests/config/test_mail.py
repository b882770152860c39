from email import message_from_bytes, policy

import pytest
from django.core.mail import EmailMultiAlternatives


@pytest.fixture
def outbox(settings, tmp_path):
    """Both mailers as they are in a demo: files in a folder that does not exist yet."""
    folder = tmp_path / "outbox"
    settings.MAILERS = {
        name: {"BACKEND": "config.mail.OutboxBackend", "OPTIONS": {"file_path": str(folder)}}
        for name in ("default", "newsletter")
    }
    return folder


@pytest.mark.parametrize("mailer", ["default", "newsletter"])
def test_mail_becomes_a_file_with_both_bodies(outbox, mailer):
    message = EmailMultiAlternatives("Heute: 8½", "Plain text", "editors@reviews.example", ["reader@home.example"])
    message.attach_alternative("<p>Rich text</p>", "text/html")

    message.send(using=mailer)

    [file] = outbox.iterdir()
    sent = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert (sent["Subject"], sent["To"]) == ("Heute: 8½", "reader@home.example")
    assert sent.get_body(("plain",)).get_content().strip() == "Plain text"
    assert sent.get_body(("html",)).get_content().strip() == "<p>Rich text</p>"
