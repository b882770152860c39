"""Who may sign in to a demo that strangers can reach."""

import io

from django.contrib.auth import authenticate
from django.core.management import call_command

from reviews.demo import loading


def test_logins_of_a_public_site_get_a_password_nobody_knows(db, settings, monkeypatch):
    settings.SITE_URL = "https://reviews.example"
    out = io.StringIO()
    monkeypatch.setattr(loading, "load", lambda password: loading.load_users(password) or {})  # users are enough here

    call_command("load_demo", stdout=out)

    assert authenticate(username="owner", password="rushes-demo") is None
    assert authenticate(username="owner", password=out.getvalue().split()[-1]) is not None
