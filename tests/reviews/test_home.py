"""The home page: as an editor composed it, and as it composes itself."""

import threading
from datetime import timedelta

import pytest
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from taggit.models import Tag

from reviews.models import FrontPage, FrontPick, FrontRow, Publication, Review, Season, SeasonEntry, State
from reviews.models.front import MOST_ROWS
from tests.factories import DraftFactory, FilmFactory, PersonFactory, ReviewFactory, StillFactory
from tests.measuring import cold

pytestmark = pytest.mark.django_db
Kind, Look = FrontRow.Kind, FrontRow.Look


def days_ago(number: int):
    return timezone.now() - timedelta(days=number)


def review(title: str, days: int = 1, **kwargs) -> Review:
    film = kwargs.pop("film", None) or FilmFactory(title=title)
    return ReviewFactory(film=film, headline=title, published_at=days_ago(days), **kwargs)


def page_on_site(*rows: dict, lead=None) -> FrontPage:
    """A composed page on the site; "picks" of a row are the reviews chosen for it."""
    page = FrontPage.objects.create(name="Everyday", lead=lead)
    for place, values in enumerate(rows, 1):
        picks = values.pop("picks", [])
        row = FrontRow.objects.create(page=page, position=place, **values)
        FrontPick.objects.bulk_create(
            FrontPick(row=row, review=pick, position=number) for number, pick in enumerate(picks, 1)
        )
    page.put_on_site()
    return page


def seen(client) -> tuple[str | None, list[tuple[str, list[str]]]]:
    """The lead's title, and each row as (heading, titles)."""
    response = client.get("/")
    assert response.status_code == 200
    main = BeautifulSoup(response.content, "html5lib").main
    lead = main.select_one(".lead-story h2")
    rows = [
        (section.h2.get_text(), [title.get_text(strip=True) for title in section.select("h3 a, cite, .names a")])
        for section in main.select("section")
    ]
    return lead and lead.get_text(), rows


class TestAutomatic:
    def test_it_shows_the_newest_then_a_second_look_then_earlier_ones_then_directors(self, client):
        director = PersonFactory(name="Agnès Varda")
        for number in range(1, 7):
            review(f"R{number}", number, film=FilmFactory(directors=[director]))
        review("Old", 50, is_featured=True, verdict="It holds.")
        review("Older", 60, is_featured=True, verdict="It holds still.")

        assert seen(client) == (
            "Old",
            [
                ("New reviews", ["R1", "R2", "R3"]),
                ("Second look", ["Older"]),
                ("Earlier", ["R4", "R5", "R6"]),
                ("Directors, so far", ["Agnès Varda"]),
            ],
        )

    def test_a_publication_with_one_review_has_a_lead_and_no_empty_row(self, client):
        review("Only")

        assert seen(client) == ("Only", [])

    def test_a_page_that_is_not_on_the_site_changes_nothing(self, client):
        review("Only")
        page = page_on_site({"kind": Kind.LATEST, "heading": "Composed"})
        page.take_off_site()
        review("Second", 2)

        assert seen(client) == ("Only", [("New reviews", ["Second"])])


class TestComposed:
    def test_rows_stand_in_their_order_under_their_headings(self, client):
        denis, night = PersonFactory(name="Claire Denis"), "cities at night"
        for number in range(1, 5):
            review(f"R{number}", number)
        review("White Material", 20, film=FilmFactory(directors=[denis]))
        review("Night", 30, tag_names=[night])
        chosen = [review("Second choice", 40), review("First choice", 41)]
        season = Season.objects.create(title="Winter with Ozu", is_public=True, standfirst="Six films.")
        SeasonEntry.objects.create(season=season, film=review("Late Spring", 50).film)
        page_on_site(
            {"kind": Kind.PICKED, "heading": "Begin here", "picks": chosen[::-1]},
            {"kind": Kind.DIRECTOR, "person": denis},
            {"kind": Kind.TAG, "tag": Tag.objects.get(), "look": Look.LIST},
            {"kind": Kind.SEASON, "season": season, "look": Look.BAND},
            {"kind": Kind.LATEST, "length": 2},
            {"kind": Kind.LATEST, "look": Look.LIST, "length": 8},
        )

        assert seen(client) == (
            "R1",
            [
                ("Begin here", ["First choice", "Second choice"]),
                ("Claire Denis", ["White Material"]),
                ("Cities at night", ["Night"]),
                ("Winter with Ozu", ["Late Spring"]),
                ("New reviews", ["R2", "R3"]),
                ("Earlier", ["R4"]),
            ],
        )

    def test_headings_lead_on(self, client):
        denis = PersonFactory(name="Claire Denis")
        season = Season.objects.create(title="Winter", is_public=True)
        SeasonEntry.objects.create(season=season, review=review("A", 9))
        review("B", 8, film=FilmFactory(directors=[denis]))
        review("C", 7, tag_names=["work"])
        review("Lead", 1)
        page_on_site(
            {"kind": Kind.DIRECTOR, "person": denis},
            {"kind": Kind.TAG, "tag": Tag.objects.get()},
            {"kind": Kind.SEASON, "season": season},
        )

        main = BeautifulSoup(client.get("/").content, "html5lib").main

        links = [link["href"] for link in main.select(".section-head a")]
        assert links == ["/people/claire-denis/", "/tags/work/", "/seasons/winter/"]

    def test_no_rule_repeats_what_stands_elsewhere_even_further_down(self, client):
        reviews = [review(f"R{number}", number) for number in range(1, 6)]
        page_on_site(
            {"kind": Kind.LATEST, "length": 2},
            {"kind": Kind.PICKED, "picks": [reviews[0], reviews[2]]},
            {"kind": Kind.LATEST, "look": Look.LIST},
            lead=reviews[1],
        )

        assert seen(client) == (
            "R2", [("New reviews", ["R4", "R5"]), ("Our choice", ["R1", "R3"])],
        )  # fmt: skip

    def test_what_only_stands_by_for_a_row_is_free_for_the_others(self, client):
        newest, *chosen = [review(f"R{number}", number) for number in range(1, 5)]
        page_on_site(
            {"kind": Kind.LATEST, "length": 1},
            {"kind": Kind.PICKED, "length": 2, "picks": [chosen[0], chosen[1], newest]},
            lead=chosen[2],
        )

        assert seen(client) == ("R4", [("New reviews", ["R1"]), ("Our choice", ["R2", "R3"])])

    def test_what_is_chosen_twice_stands_where_it_comes_first(self, client):
        reviews = [review(f"R{number}", number) for number in range(1, 5)]
        page_on_site(
            {"kind": Kind.PICKED, "length": 1, "picks": reviews[:2]},
            {"kind": Kind.VERDICT, "picks": [reviews[1], reviews[2]]},
            {"kind": Kind.PICKED, "picks": reviews},
            lead=reviews[0],
        )

        assert seen(client) == ("R1", [("Our choice", ["R2"]), ("Second look", ["R3"]), ("Our choice", ["R4"])])

    def test_rows_of_directors_name_those_with_most_films_and_are_found_at_once(self, client):
        Publication(name="Second Reel").save()
        for name, films in (("Agnès Varda", 1), ("Claire Denis", 3), ("Yasujirō Ozu", 2)):
            director = PersonFactory(name=name)
            for number in range(films):
                review(f"{name} {number}", film=FilmFactory(directors=[director]))
        page_on_site({"kind": Kind.DIRECTORS, "length": 2})
        one = cold(client, "/")
        FrontPage.objects.all().delete()
        page_on_site({"kind": Kind.DIRECTORS, "length": 1}, {"kind": Kind.DIRECTORS, "length": 2})

        assert cold(client, "/") == one
        assert [sorted(names) for _heading, names in seen(client)[1]] == [
            ["Claire Denis"], ["Claire Denis", "Yasujirō Ozu"],
        ]  # fmt: skip

    def test_what_has_few_to_choose_from_chooses_before_the_latest(self, client):
        review("Lead", 1)
        for number in (2, 3):
            review(f"R{number}", number)
        review("Tagged", 2, tag_names=["work"])
        review("Featured", 3, is_featured=True, verdict="Yes.")
        page_on_site(
            {"kind": Kind.LATEST, "length": 4},
            {"kind": Kind.TAG, "tag": Tag.objects.get()},
            {"kind": Kind.VERDICT},
            lead=Review.objects.get(headline="Lead"),
        )

        _lead, rows = seen(client)

        assert rows == [("New reviews", ["R2", "R3"]), ("Work", ["Tagged"]), ("Second look", ["Featured"])]

    def test_the_automatic_lead_is_not_one_chosen_by_hand(self, client):
        chosen = review("Chosen", 1, is_featured=True)
        review("Next", 2)
        page_on_site({"kind": Kind.PICKED, "picks": [chosen]})

        assert seen(client) == ("Next", [("Our choice", ["Chosen"])])

    def test_second_look_may_be_chosen_by_hand(self, client):
        review("Lead", 1)
        chosen = review("Chosen", 9, verdict="It stays.")
        page_on_site({"kind": Kind.VERDICT, "picks": [chosen]})

        response = client.get("/")

        assert "“It stays.”" in response.text
        assert seen(client)[1] == [("Second look", ["Chosen"])]

    def test_a_row_shows_as_many_as_it_is_told_and_the_next_if_one_is_gone(self, client):
        review("Lead", 1)
        chosen = [review(f"R{number}", number + 10) for number in range(3)]
        page_on_site({"kind": Kind.PICKED, "length": 2, "picks": chosen})
        before = seen(client)[1]

        chosen[0].withdraw()

        assert before == [("Our choice", ["R0", "R1"])]
        assert seen(client)[1] == [("Our choice", ["R1", "R2"])]


class TestVisibility:
    @pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.WITHDRAWN])
    def test_unpublished_choices_are_absent_until_published(self, client, state):
        review("Public", 3)
        hidden = review("Hidden", 2, state=state)
        page_on_site({"kind": Kind.PICKED, "picks": [hidden]}, lead=hidden)

        assert seen(client) == ("Public", [])
        assert "Hidden" not in client.get("/").text

        hidden.publish()

        assert seen(client)[0] == "Hidden"

    def test_a_scheduled_choice_is_absent_before_its_time(self, client):
        review("Public", 3)
        page_on_site({"kind": Kind.PICKED, "picks": [review("Later", -2)]})

        assert seen(client) == ("Public", [])

    def test_no_rule_finds_a_draft(self, client):
        director, season = PersonFactory(), Season.objects.create(title="Winter", is_public=True)
        film = FilmFactory(directors=[director])
        draft = DraftFactory(film=film, headline="Hidden", tag_names=["work"], is_featured=True, verdict="Hm.")
        SeasonEntry.objects.create(season=season, review=draft)
        page_on_site(
            {"kind": Kind.LATEST}, {"kind": Kind.DIRECTOR, "person": director}, {"kind": Kind.VERDICT},
            {"kind": Kind.TAG, "tag": Tag.objects.get()}, {"kind": Kind.SEASON, "season": season},
        )  # fmt: skip

        assert seen(client) == (None, [])

    def test_the_row_of_a_season_that_is_not_public_is_absent(self, client):
        review("Lead", 1)
        season = Season.objects.create(title="Winter")
        SeasonEntry.objects.create(season=season, review=review("Part", 2))
        page_on_site({"kind": Kind.SEASON, "season": season})
        before = seen(client)[1]

        Season.objects.update(is_public=True)

        assert before == []
        assert seen(client)[1] == [("Winter", ["Part"])]


class TestOneOnTheSite:
    def test_the_database_holds_no_two(self):
        FrontPage.objects.create(name="A", is_live=True)

        with pytest.raises(IntegrityError), transaction.atomic():
            FrontPage.objects.create(name="B", is_live=True)

    def test_the_later_of_two_editors_wins(self):
        pages = [FrontPage.objects.create(name=name) for name in "AB"]
        first, second = (FrontPage.objects.get(pk=page.pk) for page in pages)

        first.put_on_site()
        second.put_on_site()

        assert list(FrontPage.objects.filter(is_live=True)) == [pages[1]]

    def test_a_copy_has_the_same_rows_and_choices_and_is_not_on_the_site(self):
        chosen = [review("A"), review("B")]
        page = page_on_site({"kind": Kind.PICKED, "heading": "Ours", "picks": chosen}, {"kind": Kind.VERDICT})

        names = [page.copy().name, page.copy().name]

        other = FrontPage.objects.get(name=names[0])
        assert names == ["Everyday (copy)", "Everyday (copy 2)"]
        assert [(row.kind, row.heading) for row in other.rows.all()] == [("picked", "Ours"), ("verdict", "")]
        assert [pick.review for pick in other.rows.first().picks.all()] == chosen
        assert page.rows.count() == 2
        assert FrontPage.objects.on_site() == page


class TestRowsMakeSense:
    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"kind": Kind.DIRECTOR}, "person"),
            ({"kind": Kind.TAG}, "tag"),
            ({"kind": Kind.SEASON}, "season"),
            ({"kind": Kind.LATEST, "season": True}, "season"),
            ({"kind": Kind.LATEST, "length": 5}, "length"),
            ({"kind": Kind.LATEST, "look": Look.LIST, "length": 13}, "length"),
        ],
    )
    def test_what_does_not_is_refused_in_words_and_by_the_database(self, values, field):
        page = FrontPage.objects.create(name="Everyday")
        season = Season.objects.create(title="Winter")
        row = FrontRow(page=page, **values | ({"season": season} if "season" in values else {}))

        with pytest.raises(ValidationError) as refusal:
            row.full_clean()
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save()

        assert list(refusal.value.message_dict) == [field]

    def test_directors_may_be_many_since_they_are_only_names(self):
        page = FrontPage.objects.create(name="Everyday")

        FrontRow(page=page, kind=Kind.DIRECTORS, length=12).full_clean()


def test_home_costs_the_same_with_one_row_and_with_eight(client):
    Publication(name="Second Reel").save()
    director = PersonFactory()
    season = Season.objects.create(title="Winter", is_public=True)
    for number in range(1, 40):
        made = review(
            f"R{number}", number, film=FilmFactory(directors=[director], countries=["FR"]), tag_names=["work"]
        )
        StillFactory(film=made.film)
        SeasonEntry.objects.create(season=season, film=made.film)
    every = [
        {"kind": Kind.TAG, "tag": Tag.objects.get()},
        {"kind": Kind.PICKED, "picks": list(Review.objects.all()[:3])},
        {"kind": Kind.DIRECTORS},
        {"kind": Kind.DIRECTOR, "person": director},
        {"kind": Kind.SEASON, "season": season},
        {"kind": Kind.LATEST},
        {"kind": Kind.VERDICT},
        {"kind": Kind.LATEST, "look": Look.LIST, "length": 8},
    ]
    assert len(every) == MOST_ROWS
    found = []
    for count in (3, MOST_ROWS):
        FrontPage.objects.all().delete()
        page_on_site(*(dict(row) for row in every[:count]))
        found.append(cold(client, "/"))
    FrontPage.objects.all().delete()

    assert found == [11, 11]
    assert cold(client, "/") == 8


@pytest.mark.django_db(transaction=True)
def test_two_editors_at_once_leave_one_page_on_the_site():
    pages = [FrontPage.objects.create(name=f"Page {number}") for number in range(4)]
    start, failures = threading.Barrier(len(pages)), []

    def put(page):
        try:
            start.wait(timeout=10)
            page.put_on_site()
        except Exception as error:
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=put, args=[page]) for page in pages]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert FrontPage.objects.filter(is_live=True).count() == 1
