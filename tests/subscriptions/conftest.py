"""Fixtures of tests about letters."""

import pytest
from django.test import Client

from reviews.models import Publication
from subscriptions.models import SendingPermit
from tests.admin.conftest import ada, editor, owner, sign_in  # noqa: F401
from tests.config.conftest import empty_site, migrated_file, site, site_on_this_database  # noqa: F401
from tests.factories import SubscriberFactory
from tests.subscriptions.smtp_server import Server
from tests.subscriptions.week import MONDAY


@pytest.fixture
def smtp_server(settings):
    """A real mail server that newsletters go to."""
    with Server() as server:
        settings.MAILERS = settings.MAILERS | {"newsletter": server.mailer}
        yield server


@pytest.fixture
def week(db, settings):
    """The site of tests/subscriptions/week.py, with its clock on UTC and no minutes of grace."""
    settings.TIME_ZONE = "UTC"
    settings.NEWSLETTER_GRACE_MINUTES = 0
    SendingPermit.objects.create(pk=1, site="test", digests_until=MONDAY)


@pytest.fixture
def publication(db):
    return Publication.objects.create(pk=1, name="Second Reel")


@pytest.fixture
def subscriber(db):
    return SubscriberFactory(address="ada@example.org")


@pytest.fixture
def own():
    """The browser of a reader who takes no cookies. Forms are protected as on the real site."""
    return Client(enforce_csrf_checks=True)
