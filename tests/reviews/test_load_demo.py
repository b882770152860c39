"""The demo publication: real films, our own words, every case the pages have to cope with."""

import io
import re
import unicodedata
from collections import Counter
from html import unescape

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import transaction

from config.richtext import word_count
from films.models import Credit, Film, Role, Still
from people.models import Person
from reviews.front import front_on_site
from reviews.models import Author, Capsule, CriticQuote, FrontPage, Page, Publication, Review, Season, State


@pytest.fixture(scope="module")
def loaded(django_db_setup, django_db_blocker):
    """The demo, loaded once for this module and rolled back behind it."""
    with django_db_blocker.unblock(), transaction.atomic():
        call_command("load_demo", stdout=io.StringIO())
        yield
        transaction.set_rollback(True)


@pytest.fixture
def demo(loaded, db):
    """The demo in the database; what a test changes is undone."""


def test_demo_has_what_shows_the_publication_off(demo):
    published = Review.objects.published()
    assert published.count() >= 16
    assert Author.objects.count() == 4
    assert all(350 <= word_count(review.body) <= 900 for review in published)
    assert Review.objects.filter(state=State.DRAFT).count() == 1
    assert Review.objects.filter(state=State.IN_REVIEW).count() == 1
    assert Review.objects.scheduled().count() == 1
    assert max(Counter(published.values_list("film", flat=True)).values()) == 2
    assert published.filter(film__stills=None).exists()
    assert CriticQuote.objects.count() >= 20
    assert Capsule.objects.filter(film__reviews=None).exists()
    assert Page.objects.public().count() == 3
    assert Publication.current().name == "Second Reel"
    assert [season.is_festival for season in Season.objects.public()] == [True, False]


def test_home_page_of_the_demo_is_composed_and_every_row_finds_something(demo):
    page = FrontPage.objects.on_site()

    rows = front_on_site().rows

    assert len(rows) == page.rows.count() >= 5
    assert {row.kind for row in rows} >= {"picked", "latest", "season", "verdict"}


def test_directors_have_films_enough_for_their_shelves(demo):
    directed = Counter(Credit.objects.filter(role=Role.DIRECTOR).values_list("person", flat=True))
    assert sum(count >= 4 for count in directed.values()) >= 5
    per_film = Counter(Credit.objects.filter(role=Role.DIRECTOR).values_list("film", flat=True))
    two_directors = [film for film, count in per_film.items() if count == 2]
    assert Review.objects.published().filter(film__in=two_directors).exists()


def test_a_reviewed_film_has_a_title_in_another_script(demo):
    titles = Review.objects.published().values_list("film__original_title", flat=True)
    assert any(title and "CJK" in unicodedata.name(title[0], "") for title in titles)


def test_every_picture_says_what_it_shows_and_whose_it_is(demo):
    assert Still.objects.count() >= 12
    assert not Still.objects.filter(alt="").exists()
    assert not Still.objects.filter(credit="").exists()


def test_every_film_has_the_facts_a_fact_box_prints(demo):
    for film in Film.objects.with_facts().with_card():
        assert film.year, film
        assert film.directors, film
        assert film.country_names, film
        assert film.synopsis, film


def test_every_person_is_entered_once(demo):
    names = Counter(Person.objects.values_list("name", flat=True))
    assert [name for name, count in names.items() if count > 1] == []


def test_the_three_logins_work(demo):
    for username in ("owner", "editor", "author"):
        assert authenticate(username=username, password="rushes-demo").is_staff


def test_second_load_changes_nothing(demo):
    Review.objects.filter(slug="rust-and-bone").update(verdict="Mine now.")

    call_command("load_demo", "--if-empty")
    with pytest.raises(CommandError, match="already holds a publication"):
        call_command("load_demo")

    assert Review.objects.get(slug="rust-and-bone").verdict == "Mine now."


@pytest.mark.once
def test_all_pages_of_the_demo_open_and_their_links_lead_somewhere(demo, client):
    """Follows every link of the site. Of the 594 people only directors' pages are opened: the rest must exist."""
    people = {person.get_absolute_url() for person in Person.objects.exclude(credits__role=Role.DIRECTOR)}
    seen, waiting = set(), ["/"]
    while waiting:
        address = waiting.pop()
        response = client.get(address)
        assert response.status_code == 200, address
        links = set(map(unescape, re.findall(r'href="([/?][^"#]*)', response.content.decode())))
        links = {address.partition("?")[0] + link if link.startswith("?") else link for link in links}
        fresh = {link for link in links if not link.startswith(("/static/", "/media/"))} - seen
        seen |= fresh
        waiting += fresh - people
    assert people < seen
