"""Following people, writers, themes, countries and decades: choosing, finding, and the end of it."""

import pytest
from bs4 import BeautifulSoup
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from reviews.search.index import freshen
from subscriptions import following, opt_in
from subscriptions.following import LABELS, READERS
from subscriptions.models import Release, Subscriber
from subscriptions.models.follow import KINDS
from tests.factories import AuthorFactory, DraftFactory, FilmFactory, PersonFactory, ReviewFactory, SignUpFactory
from tests.subscriptions.pages import at, offers, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("publication")]
MOST_QUERIES = 17  # thirteen of them for the preview, which looks at all a review has that can be followed


def test_every_kind_can_be_followed_and_removed(own, subscriber):
    PersonFactory(name="Claire Denis")
    AuthorFactory(name="Mara Lind")
    ReviewFactory(tag_names=["the sea"])
    words = ["person:claire-denis", "author:mara-lind", "tag:the-sea", "country:FR", "decade:1970"]

    for word in words:
        assert own.post(at(subscriber, "follow/"), {"what": word}).status_code == 303
    page = own.get(at(subscriber))

    assert offers(page, "unfollow") == words
    for name in ("Claire Denis", "Mara Lind", "the sea", "France", "1970s"):
        assert name in text_of(page)
    for word in [*words, "person:nobody"]:
        assert own.post(at(subscriber, "unfollow/"), {"what": word}).status_code == 303
    assert subscriber.follows.count() == 0


def test_each_kind_of_follow_has_a_reader_and_a_label():
    assert set(READERS) == set(LABELS) == set(KINDS)


def test_following_twice_is_following_once(own, subscriber):
    for _ in range(2):
        own.post(at(subscriber, "follow/"), {"what": "decade:1970"})

    assert subscriber.follows.count() == 1


@pytest.mark.parametrize(
    "word",
    ["", "person:nobody", "film:solaris", "decade:1975", "decade:١٩٧٠", "decade:3000", "country:fr", "country:XX", "tag:x' OR 1=1", "x" * 10_000, "person:\x00"],
)  # fmt: skip
def test_what_does_not_exist_cannot_be_followed(own, subscriber, word):
    response = own.post(at(subscriber, "follow/"), {"what": word})

    assert response.status_code == 422
    assert "nothing of that name" in text_of(response)
    assert subscriber.follows.count() == 0


def test_tags_of_drafts_are_not_to_be_found_or_followed(own, subscriber):
    DraftFactory(tag_names=["secret"])
    freshen()

    assert own.post(at(subscriber, "follow/"), {"what": "tag:secret"}).status_code == 422
    assert offers(own.get(at(subscriber, "?q=secret")), "follow") == []


def test_there_is_an_end_to_following(own, subscriber, monkeypatch):
    monkeypatch.setattr(following, "MOST_FOLLOWS", 1)
    own.post(at(subscriber, "follow/"), {"what": "decade:1970"})

    response = own.post(at(subscriber, "follow/"), {"what": "decade:1980"})

    assert (response.status_code, subscriber.follows.count()) == (422, 1)
    assert own.post(at(subscriber, "follow/"), {"what": "decade:1970"}).status_code == 303


FOUND = {
    "claire denis": ["person:claire-denis"],
    "Denis": ["person:claire-denis"],
    "Clare Denis": ["person:claire-denis"],
    "mara": ["author:mara-lind"],
    "sea": ["tag:the-sea"],
    "fran": ["country:FR"],
    "soviet": ["country:SU"],
    "USSR": ["country:SU"],
    "america": ["country:US", "country:AS"],
    "England": ["country:GB"],
    "britain": ["country:GB"],
    "United Kingdom": ["country:GB"],
    "holland": ["country:NL"],
    "West Germany": ["country:DE"],
    "1974": ["decade:1970"],
    "the 1970s": ["decade:1970"],
    "70s": ["decade:1970"],
    "": [],
    "zzz": [],
    "'; DROP TABLE --": [],
    "\x00": [],
    "<b>": [],
    "x" * 10_000: [],
    "99999999": [],
}


@pytest.mark.parametrize(("asked", "found"), FOUND.items(), ids=lambda value: str(value)[:20])
def test_search_finds_what_can_be_followed(own, subscriber, asked, found):
    PersonFactory(name="Claire Denis")
    AuthorFactory(name="Mara Lind")
    ReviewFactory(tag_names=["the sea"])
    freshen()

    response = own.get(at(subscriber), {"q": asked})

    assert response.status_code == 200
    assert offers(response, "follow") == found


def test_what_is_followed_already_is_not_offered_again(own, subscriber):
    own.post(at(subscriber, "follow/"), {"what": "country:FR"})

    page = own.get(at(subscriber, "?q=France&follow=country:FR"))

    assert offers(page, "follow") == []
    assert "France Country Followed" in text_of(page)


def test_news_of_a_follow_stands_where_the_reader_is_led(own, subscriber):
    response = own.post(at(subscriber, "follow/"), {"what": "country:FR"})
    assert response["Location"] == at(subscriber, "?done=followed#follows")

    for done, said in (("followed", "Added to what you follow."), ("unfollowed", "Removed from what you follow.")):
        page = BeautifulSoup(own.get(at(subscriber, f"?done={done}")).content, "html.parser")

        assert [notice.text for notice in page.select("[role=status]")] == [said]
        assert page.select("#follows [role=status]")


@pytest.mark.parametrize(
    "query", ["?follow=x", "?follow=person:%00", "?done=nonsense", "?q=%ED%A0%80", "?done=" + "x" * 5000]
)
def test_odd_questions_get_the_page(own, subscriber, query):
    assert own.get(at(subscriber, query)).status_code == 200


def test_follow_asked_for_by_an_old_subscriber_is_offered_by_mail_and_added_by_a_press(own, subscriber):
    PersonFactory(name="Claire Denis")
    SignUpFactory(address="ada@example.org", follow="person:claire-denis")
    opt_in.write_due()
    link = next(word for word in mail.outbox[0].body.split() if "/letters/" in word and "follow=" in word)

    page = own.get(link.strip("<>()").removeprefix("http://testserver"))
    assert "Follow Claire Denis?" in text_of(page)
    assert subscriber.follows.count() == 0
    own.post(at(subscriber, "follow/"), {"what": offers(page, "follow")[0]})

    assert subscriber.follows.get().person.name == "Claire Denis"


def test_queries_grow_neither_with_follows_nor_with_reviews(own, subscriber):
    Subscriber.objects.update(rhythm="weekly")
    counts = []
    for number in (1, 3):
        for _ in range(number):
            person = PersonFactory()
            following.add(subscriber, following.read(f"person:{person.slug}"))
            now = timezone.now()
            film, tags = FilmFactory(directors=[person]), [f"theme {person.pk}"]
            review = ReviewFactory(film=film, tag_names=tags, published_at=now)
            Release.objects.create(review=review, choice="digest", decided_at=now, released_at=now)
        own.get(at(subscriber))
        with CaptureQueriesContext(connection) as queries:
            assert "You follow Person" in text_of(own.get(at(subscriber)))
        counts.append(len(queries))

    assert counts[0] == counts[1] <= MOST_QUERIES
