"""Mail about one review, decided in the admin."""

from datetime import timedelta

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from reviews.models import State
from subscriptions import control, releases
from subscriptions.models import Mailing, Release, Subscriber
from tests.factories import DraftFactory, ReviewFactory, SubscriberFactory
from tests.subscriptions.mailings import just_published, ready_mailing, waiting_mailing

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]


@pytest.fixture
def client(sign_in, editor):
    editor.email = "editor@example.org"
    editor.save()
    return sign_in(editor)


def page_of(review) -> str:
    return reverse("newsletters:release", args=[review.pk])


def decide(client, review, choice, **data):
    form = client.get(page_of(review)).context["form"]
    return client.post(page_of(review), {"act": "decide", "choice": choice, "seen": form["seen"].value(), **data})


def test_page_says_how_many_each_choice_reaches(client):
    review = just_published()
    SubscriberFactory.create_batch(3)
    SubscriberFactory.create_batch(2, rhythm=Subscriber.Rhythm.WEEKLY)
    SubscriberFactory(only_followed=True)

    response = client.get(page_of(review))

    assert (response.context["now"], response.context["digest"]) == (3, 2)
    assert "3 get it by itself" in response.text


@pytest.mark.parametrize("choice", ["now", "digest", "none"])
def test_decision_is_noted_with_who_made_it(client, editor, choice):
    review = just_published()

    decide(client, review, choice)

    release = Release.objects.get()
    assert (release.review, release.choice, release.decided_by) == (review, choice, editor)
    assert not Mailing.objects.exists()


def test_time_to_send_at(client):
    review = ReviewFactory(published_at=timezone.now() + timedelta(days=2))

    assert "Say when it is to be sent" in decide(client, review, "at").text
    assert "This time is over" in decide(client, review, "at", send_at="2020-01-01T10:00").text
    decide(client, review, "at", send_at=f"{timezone.localtime() + timedelta(days=3):%Y-%m-%dT%H:%M}")

    assert Release.objects.get().send_at > timezone.now() + timedelta(days=2)


def test_pressing_twice_decides_once(client):
    review = just_published()
    data = {"act": "decide", "choice": "now", "seen": ""}

    for _ in range(2):
        assert client.post(page_of(review), data).status_code == 302
    releases.release_due(timezone.now())
    first = Mailing.objects.get()
    assert client.post(page_of(review), data).status_code == 302

    assert Mailing.objects.get() == first


def test_decision_of_another_editor_is_not_overwritten_unseen(client):
    review = just_published()
    releases.decide(review, "none")

    response = client.post(page_of(review), {"act": "decide", "choice": "now", "seen": ""})

    assert "while you had this page open" in response.text
    assert Release.objects.get().choice == "none"
    again = {"act": "decide", "choice": "now", "seen": response.context["form"]["seen"].value()}
    assert client.post(page_of(review), again).status_code == 302
    assert Release.objects.get().choice == "now"


@pytest.mark.parametrize("seen", ["\0", "x" * 10_000, "'; DROP TABLE"])
def test_bad_input_is_answered_in_words(client, seen):
    review = just_published()

    response = client.post(page_of(review), {"act": "decide", "choice": seen, "send_at": seen, "seen": seen})

    assert response.status_code == 200
    assert not Release.objects.exists()


def test_stop_within_the_minutes_of_grace_sends_nobody_anything(client):
    SubscriberFactory()
    mailing = waiting_mailing()

    assert "nobody was sent it" in client.post(page_of(mailing.review), {"act": "stop"}, follow=True).text
    client.post(page_of(mailing.review), {"act": "stop"})
    releases.release_due(timezone.now() + timedelta(hours=1))

    assert not Mailing.objects.exists()
    assert Release.objects.get().choice == "none"


def test_stopped_review_can_be_decided_anew(client):
    mailing = waiting_mailing()
    client.post(page_of(mailing.review), {"act": "stop"})

    decide(client, mailing.review, "now")
    releases.release_due(timezone.now())

    assert Mailing.objects.get().state == Mailing.State.WAITING


def test_stop_while_it_is_sent_keeps_the_report(client):
    mailing = ready_mailing(readers=2)
    delivery = mailing.deliveries.first()
    delivery.state = "accepted"
    delivery.save()

    page = client.post(page_of(mailing.review), {"act": "stop"}, follow=True).text

    mailing.refresh_from_db()
    assert "Some readers had been sent it" in page
    assert mailing.state == Mailing.State.CANCELLED
    assert control.report(mailing)["counts"]["accepted"] == 1


def test_stop_while_a_worker_has_taken_rows_says_that_nobody_was_sent_it(client):
    mailing = ready_mailing(readers=2)
    mailing.deliveries.update(state="claimed", worker="somebody")

    page = client.post(page_of(mailing.review), {"act": "stop"}, follow=True).text

    assert "nobody was sent it" in page
    assert Release.objects.get().choice == "none"


def test_stop_while_somebody_decides_is_answered_in_words(client, monkeypatch):
    review = just_published()

    def meanwhile(*arguments, **values):
        raise ValidationError(releases.MEANWHILE, code="meanwhile")

    monkeypatch.setattr(releases, "decide", meanwhile)

    assert "Somebody decided" in client.post(page_of(review), {"act": "stop"}, follow=True).text


def test_sent_review_offers_no_decision(client):
    mailing = ready_mailing(readers=1)
    mailing.deliveries.update(state="accepted")
    Mailing.objects.filter(pk=mailing.pk).update(state="done")

    assert "A review is mailed once" in client.get(page_of(mailing.review)).text
    client.post(page_of(mailing.review), {"act": "decide", "choice": "now", "seen": ""})

    assert Mailing.objects.count() == 1


@pytest.mark.parametrize("days", [2, 9000])
def test_old_and_imported_reviews_say_why_they_are_not_mailed(client, days):
    review = ReviewFactory(published_at=timezone.now() - timedelta(days=days))

    assert "more than a day ago" in client.get(page_of(review)).text
    client.post(page_of(review), {"act": "decide", "choice": "now", "seen": ""})

    assert not Release.objects.exists()


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.WITHDRAWN])
def test_review_that_will_not_appear_cannot_be_decided_about(client, state):
    review = DraftFactory() if state != State.WITHDRAWN else ReviewFactory(published_at=timezone.now())
    review.state = state
    review.save()

    assert "published or scheduled" in client.get(page_of(review)).text
    client.post(page_of(review), {"act": "decide", "choice": "now", "seen": ""})

    assert not Release.objects.exists()


def test_test_letter_goes_to_oneself_marked_and_once(client):
    review = just_published(headline="The bus stops")
    SubscriberFactory()

    for _ in range(2):
        client.post(page_of(review), {"act": "test"})

    (letter,) = mail.outbox
    assert letter.to == ["editor@example.org"]
    assert letter.subject.startswith("[Test] ")
    assert "The bus stops" in letter.body
    assert "/letters/leave/" not in letter.body
    assert not Mailing.objects.exists()


def test_test_letter_goes_out_without_a_cache(client, monkeypatch):
    def refuse(*args, **kwargs):
        raise ConnectionError

    monkeypatch.setattr("subscriptions.admin.releases.cache.add", refuse)

    assert client.post(page_of(just_published()), {"act": "test"}).status_code == 302
    assert len(mail.outbox) == 1


def test_account_without_address_is_told_so(client, editor):
    editor.email = ""
    editor.save()

    assert "has no address" in client.post(page_of(just_published()), {"act": "test"}, follow=True).text
    assert not mail.outbox


def test_letter_is_shown_in_a_page_that_may_do_nothing(client):
    response = client.get(reverse("newsletters:letter", args=[just_published(headline="The bus stops").pk]))

    policy = response.headers["Content-Security-Policy"]
    assert "The bus stops" in response.text
    assert "default-src 'none'" in policy
    assert "sandbox" in policy
    assert "script-src" not in policy
    assert response.headers["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("published", [True, False])
def test_form_of_a_review_leads_to_its_mail(client, published):
    review = just_published() if published else DraftFactory()

    page = client.get(reverse("admin:reviews_review_change", args=[review.pk])).text

    assert (page_of(review) in page) == published


def test_page_costs_the_same_however_many_readers_there_are(client, django_assert_num_queries):
    review = just_published()
    client.get(page_of(review))
    for _ in range(2):
        SubscriberFactory.create_batch(3)
        with django_assert_num_queries(26):
            client.get(page_of(review))
