"""Seasons and festivals: their pages, their feeds, and their shelf on reviews."""

import json
from datetime import date, timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from reviews.models import Publication, Review, Season, SeasonEntry, State
from reviews.seasons import places_of, with_places
from tests.factories import CapsuleFactory, DraftFactory, FilmFactory, ReviewFactory, StillFactory
from tests.measuring import cold

pytestmark = pytest.mark.django_db


def make_season(*entries, title="Winter with Ozu", is_public=True, **kwargs) -> Season:
    """A season of films, reviews, or dicts with the columns of an entry."""
    season = Season.objects.create(title=title, is_public=is_public, **kwargs)
    for place, entry in enumerate(entries, 1):
        values = entry if isinstance(entry, dict) else {"review" if isinstance(entry, Review) else "film": entry}
        SeasonEntry.objects.create(season=season, position=place, **values)
    return season


def soup(response):
    assert response.status_code == 200
    return BeautifulSoup(response.content, "html5lib")


def parts(page) -> list[tuple[str, str]]:
    """Title and address of each part of a season's page, in order."""
    return [(link.get_text(), link["href"]) for link in page.select(".programme h3 a")]


@pytest.fixture
def late_spring():
    return ReviewFactory(film=FilmFactory(title="Late Spring", year=1949), standfirst="And the vase.")


class TestPage:
    def test_it_shows_what_is_reviewed_and_what_is_still_to_come_in_order(self, client, late_spring):
        capsuled = FilmFactory(title="Early Summer", year=1951)
        CapsuleFactory(film=capsuled, body="<p>The happiest shock.</p>")
        coming = FilmFactory(title="Tokyo Story", year=1953)
        make_season(
            coming, late_spring.film, {"film": capsuled, "note": "With cake."},
            standfirst="Six films.", introduction="<p>The days are short.</p>",
        )  # fmt: skip

        page = soup(client.get("/seasons/winter-with-ozu/"))

        assert page.h1.get_text() == "Winter with Ozu"
        assert page.select_one(".lead").get_text() == "Six films."
        assert "The days are short." in page.select_one(".prose").get_text()
        assert "1 of 3 films reviewed" in page.select_one(".byline").get_text()
        assert parts(page) == [
            ("Tokyo Story", "/films/tokyo-story-1953/"),
            ("Late Spring", "/reviews/late-spring/"),
            ("Early Summer", "/films/early-summer-1951/"),
        ]
        rows = [row.get_text(" ", strip=True) for row in page.select(".programme li")]
        assert "Still to come" in rows[0]
        assert "And the vase." in rows[1]
        assert "With cake." in rows[2]
        assert "The happiest shock." in rows[2]

    def test_parts_are_grouped_by_section_and_numbered_through(self, client):
        films = [FilmFactory(title=title) for title in "ABC"]
        make_season(
            {"film": films[0], "section": "Competition"}, {"film": films[1]}, {"film": films[2], "section": "Day 3"}
        )

        page = soup(client.get("/seasons/winter-with-ozu/"))

        lists = [(section.h2.get_text(), section.ol["start"]) for section in page.select(".programme section")]
        assert lists == [("Competition", "1"), ("Day 3", "3")]

    def test_one_of_several_reviews_of_a_film_can_be_chosen(self, client, late_spring):
        again = ReviewFactory(film=late_spring.film, headline="Late Spring, again", standfirst="Again.")
        make_season(late_spring, again)

        page = soup(client.get("/seasons/winter-with-ozu/"))

        assert [address for _title, address in parts(page)] == ["/reviews/late-spring/", "/reviews/late-spring-again/"]

    def test_a_season_without_entries_says_so(self, client):
        make_season()

        assert "The programme is still to come." in client.get("/seasons/winter-with-ozu/").text

    def test_a_former_address_leads_to_the_present_one(self, client):
        season = make_season()
        season.title = "Spring with Ozu"
        season.save()

        response = client.get("/seasons/winter-with-ozu/")

        assert (response.status_code, response["Location"]) == (301, "/seasons/spring-with-ozu/")

    @pytest.mark.parametrize("slug", ["nothing", "a" * 200, "%00", "'; DROP TABLE", "<b>"])
    def test_strange_addresses_are_404(self, client, slug):
        assert client.get(f"/seasons/{slug}/").status_code == 404

    def test_introduction_is_sanitised(self):
        season = make_season(introduction="<p>Winter<script>alert(1)</script></p>")

        assert Season.objects.get(pk=season.pk).introduction == "<p>Winter</p>"


class TestVisibility:
    def test_a_season_that_is_not_public_is_nowhere(self, client, late_spring):
        Publication(name="Second Reel").save()
        make_season(late_spring, is_public=False)

        assert client.get("/seasons/winter-with-ozu/").status_code == 404
        assert client.get("/feeds/seasons/winter-with-ozu.atom").status_code == 404
        for page in ("/", "/seasons/", "/reviews/late-spring/", "/sitemap.xml"):
            text = client.get(page).text
            assert "Winter with Ozu" not in text
            assert "winter-with-ozu" not in text
        assert ">Seasons</a>" not in client.get("/").text

        Season.objects.update(is_public=True)

        assert ">Seasons</a>" in client.get("/").text
        assert "Part 1 of" in client.get("/reviews/late-spring/").text

    @pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.WITHDRAWN])
    def test_an_unpublished_review_leaks_nowhere(self, client, state, late_spring):
        hidden = ReviewFactory(film=FilmFactory(title="Hidden"), standfirst="Secret words.", state=state)
        entered = ReviewFactory(film=FilmFactory(title="Unseen"), standfirst="Secret words.", state=state)
        make_season(hidden.film, entered, late_spring)

        page = soup(client.get("/seasons/winter-with-ozu/"))

        assert parts(page) == [("Hidden", "/films/hidden-1999/"), ("Late Spring", "/reviews/late-spring/")]
        assert "Secret words." not in page.get_text()
        assert "Secret words." not in client.get("/feeds/seasons/winter-with-ozu.rss").text
        shelf = client.get("/reviews/late-spring/").text
        assert "Part 2 of" in shelf
        assert "/reviews/hidden/" not in shelf

    def test_a_review_takes_its_film_s_place_once_it_is_public(self, client):
        draft = DraftFactory(film=FilmFactory(title="Late Spring"))
        make_season(draft.film)
        before = parts(soup(client.get("/seasons/winter-with-ozu/")))

        draft.publish()

        assert before == [("Late Spring", "/films/late-spring-1999/")]
        assert parts(soup(client.get("/seasons/winter-with-ozu/"))) == [("Late Spring", "/reviews/late-spring/")]

    @pytest.mark.parametrize("change", ["renamed", "entered", "taken out", "reordered"])
    def test_every_change_is_seen_at_once(self, client, change):
        season = make_season(FilmFactory(title="A"), FilmFactory(title="B"))
        before = client.get("/seasons/winter-with-ozu/").content

        match change:
            case "renamed":
                Season.objects.update(title="Other")
            case "entered":
                SeasonEntry.objects.create(season=season, film=FilmFactory(), position=3)
            case "taken out":
                season.entries.first().delete()
            case "reordered":
                season.entries.filter(position=1).update(position=9)

        assert client.get("/seasons/winter-with-ozu/").content != before


class TestFestival:
    @pytest.mark.parametrize(
        ("first", "last", "printed"),
        [
            (None, None, ""),
            (date(2026, 5, 12), None, "12 May 2026"),
            (date(2026, 5, 12), date(2026, 5, 12), "12 May 2026"),
            (date(2026, 5, 12), date(2026, 5, 23), "12–23 May 2026"),
            (date(2026, 4, 30), date(2026, 5, 3), "30 April – 3 May 2026"),
            (date(2026, 12, 28), date(2027, 1, 3), "28 December 2026 – 3 January 2027"),
        ],
    )
    def test_its_days_are_printed_well(self, first, last, printed):
        assert Season(first_day=first, last_day=last).dates_printed == printed

    def test_days_out_of_order_are_refused_in_words_and_by_the_database(self):
        backwards = Season(title="A", first_day=date(2026, 5, 2), last_day=date(2026, 5, 1))
        headless = Season(title="B", last_day=date(2026, 5, 1))

        with pytest.raises(ValidationError, match="The last day cannot lie before the first"):
            backwards.full_clean()
        with pytest.raises(ValidationError, match="Give the first day as well"):
            headless.full_clean()
        for season in (backwards, headless):
            with pytest.raises(IntegrityError), transaction.atomic():
                season.save()

    def test_the_list_says_what_is_on_as_the_days_pass(self, client, settings):
        settings.TIME_ZONE = "Europe/London"
        make_season(title="Cannes week", first_day=date(2026, 5, 12), last_day=date(2026, 5, 13))
        make_season(title="Winter")
        found = {}

        for moment in ("2026-05-11T21:00Z", "2026-05-11T23:30Z", "2026-05-13T21:00Z", "2026-05-13T23:30Z"):
            with time_machine.travel(moment, tick=False):
                page = soup(client.get("/seasons/"))
            found[moment] = [(group.h2.get_text(), group.h3.get_text()) for group in page.main.select("section")]

        coming, winter = ("Coming up", "Cannes week"), ("At any time", "Winter")
        on, past = ("On now", "Cannes week"), ("Past", "Cannes week")
        assert list(found.values()) == [[coming, winter], [on, winter], [on, winter], [winter, past]]

    def test_a_list_of_none_says_so(self, client):
        assert "No season is on" in client.get("/seasons/").text


class TestEntries:
    def test_an_entry_is_a_film_or_a_review(self, late_spring):
        season = Season.objects.create(title="Winter")

        for values in ({}, {"film": late_spring.film, "review": late_spring}):
            entry = SeasonEntry(season=season, **values)
            with pytest.raises(ValidationError, match="Choose a film or a review"):
                entry.full_clean()
            with pytest.raises(IntegrityError), transaction.atomic():
                entry.save()

    def test_each_stands_in_a_season_once(self, late_spring):
        season = make_season(late_spring, late_spring.film)

        for values in ({"film": late_spring.film}, {"review": late_spring}):
            with pytest.raises(IntegrityError), transaction.atomic():
                SeasonEntry.objects.create(season=season, **values)


class TestShelf:
    def test_a_review_says_which_part_it_is_and_what_stands_beside_it(self, client, late_spring):
        coming = FilmFactory(title="Tokyo Story", year=1953)
        other = ReviewFactory(film=FilmFactory(title="Early Summer"), headline="A cake")
        make_season(other, late_spring.film, coming)

        page = soup(client.get("/reviews/late-spring/"))

        shelf = page.find(id="h-season-1").find_parent("section")
        assert shelf.h2.get_text() == "Part 2 of Winter with Ozu"
        assert shelf.h2.a["href"] == "/seasons/winter-with-ozu/"
        assert [part.get_text() for part in shelf.select("li")] == [
            "A cake",
            "Late Spring This review",
            "Tokyo Story Review still to come",
        ]
        assert [link["href"] for link in shelf.select("li a")] == ["/reviews/a-cake/", "/films/tokyo-story-1953/"]
        assert shelf.select_one("[aria-current]").get_text() == "Late Spring"

    def test_a_review_in_two_seasons_has_two_shelves_newest_first(self, client, late_spring):
        make_season(late_spring, title="One")
        make_season(late_spring.film, title="Two")

        page = soup(client.get("/reviews/late-spring/"))

        assert [page.find(id=f"h-season-{number}").a.get_text() for number in (1, 2)] == ["Two", "One"]

    def test_a_review_in_none_has_no_shelf(self, client, late_spring):
        make_season(FilmFactory())

        assert "h-season" not in client.get("/reviews/late-spring/").text

    @pytest.mark.parametrize("count", [1, 30])
    def test_its_place_comes_with_the_review(self, django_assert_num_queries, late_spring, count):
        make_season(*(FilmFactory() for _ in range(count - 1)), late_spring)

        with django_assert_num_queries(1):
            [place] = places_of(with_places(Review.objects.published()).get(pk=late_spring.pk))
        with django_assert_num_queries(1):
            assert places_of(late_spring) == [place]

        assert (place.number, place.total) == (count, count)

    def test_chosen_itself_it_stands_there_once_though_its_film_comes_later(self, late_spring):
        films = [FilmFactory(title=f"F{number}") for number in range(6)]
        season = make_season(films[0], DraftFactory(), films[1], late_spring, films[2], late_spring.film, *films[3:])
        season.entries.update(position=1)  # so that the order is the one they were made in

        [place] = places_of(late_spring)

        assert (place.number, place.total, place.first) == (3, 8, 1)
        assert [part.title for part in place.parts] == ["F0", "F1", "Late Spring", "F2", "Late Spring"]

    @pytest.mark.parametrize(
        ("place_of_it", "shown"),
        [(0, range(5)), (1, range(5)), (15, range(13, 18)), (28, range(25, 30)), (29, range(25, 30))],
    )
    def test_of_a_long_programme_five_parts_are_shown_and_few_more_fetched(self, late_spring, place_of_it, shown):
        films = [FilmFactory(title=f"F{number}") for number in range(29)]
        films.insert(place_of_it, late_spring.film)
        make_season(*films)

        found = with_places(Review.objects.published()).get(pk=late_spring.pk)

        [place] = places_of(found)
        assert [part.title for part in place.parts] == [films[number].title for number in shown]
        assert place.first == shown[0] + 1
        assert sum(len(found.place_rows[0][side]) for side in ("before", "after")) <= 8


class TestForMachines:
    def test_feed_has_the_season_s_reviews_newest_first(self, client, late_spring):
        newer = ReviewFactory(film=FilmFactory(title="Early Summer", year=None), published_at=timezone.now())
        ReviewFactory(film=FilmFactory(title="Elsewhere"))
        make_season(late_spring, newer.film, standfirst="Six films.")

        feed = json.loads(client.get("/feeds/seasons/winter-with-ozu.json").content)

        assert [item["title"] for item in feed["items"]] == ["Early Summer", "Late Spring (1949)"]
        assert feed["title"] == "Rushes: Winter with Ozu"
        assert feed["home_page_url"].endswith("/seasons/winter-with-ozu/")
        for ending in ("atom", "rss"):
            response = client.get(f"/feeds/seasons/winter-with-ozu.{ending}")
            assert b"Early Summer" in response.content
            again = client.get(response.request["PATH_INFO"], headers={"If-None-Match": response["ETag"]})
            assert again.status_code == 304

    def test_feed_of_a_former_address_moves_too(self, client):
        season = make_season()
        season.title = "Spring with Ozu"
        season.save()

        response = client.get("/feeds/seasons/winter-with-ozu.rss")

        assert response["Location"] == "/feeds/seasons/spring-with-ozu.rss"

    def test_page_names_its_feeds_itself_and_its_picture(self, client, late_spring):
        StillFactory(film=late_spring.film)
        make_season(late_spring, standfirst="Six films.")

        head = soup(client.get("/seasons/winter-with-ozu/")).head

        feeds = [link["href"] for link in head.select('link[rel="alternate"]')]
        assert {f"/feeds/seasons/winter-with-ozu.{ending}" for ending in ("atom", "rss", "json")} < set(feeds)
        assert head.select_one('link[rel="canonical"]')["href"].endswith("/seasons/winter-with-ozu/")
        assert head.select_one('meta[name="description"]')["content"] == "Six films."
        assert head.select_one('meta[property="og:title"]')["content"] == "Winter with Ozu"
        assert head.select_one('meta[property="og:image"]')["content"].startswith("http")

    def graph(self, client) -> dict:
        block = soup(client.get("/seasons/winter-with-ozu/")).select_one('script[type="application/ld+json"]')
        return {node["@type"]: node for node in json.loads(block.string)["@graph"]}

    def test_structured_data_list_its_parts(self, client, late_spring):
        make_season(late_spring, FilmFactory(title="M", year=1931))

        nodes = self.graph(client)

        listed = nodes["CollectionPage"]["mainEntity"]["itemListElement"]
        assert [(item["position"], item["name"]) for item in listed] == [(1, "Late Spring"), (2, "M")]
        assert "about" not in nodes["CollectionPage"]
        assert [step["name"] for step in nodes["BreadcrumbList"]["itemListElement"]] == ["Seasons", "Winter with Ozu"]

    def test_only_an_event_with_dates_and_a_place_is_called_a_festival(self, client):
        season = make_season(first_day=date(2026, 5, 12), last_day=date(2026, 5, 23))
        without_place = self.graph(client)["CollectionPage"]

        season.place = "Cannes"
        season.save()

        assert "about" not in without_place
        event = self.graph(client)["CollectionPage"]["about"]
        assert (event["@type"], event["startDate"], event["endDate"]) == ("Festival", "2026-05-12", "2026-05-23")
        assert event["location"]["address"] == "Cannes"

    def test_sitemap_lists_public_seasons_only(self, client):
        Publication(name="Second Reel").save()
        assert "/seasons/" not in client.get("/sitemaps/lists.xml").text
        make_season()
        make_season(title="Hidden", is_public=False)

        listed = client.get("/sitemaps/seasons-0.xml").text

        assert "/seasons/winter-with-ozu/" in listed
        assert "hidden" not in listed
        assert "/sitemaps/seasons-0.xml" in client.get("/sitemap.xml").text
        assert "/seasons/</loc>" in client.get("/sitemaps/lists.xml").text


def test_pages_cost_the_same_with_one_entry_and_with_thirty(client):
    Publication(name="Second Reel").save()
    first = ReviewFactory(film=FilmFactory(title="First"))
    season, found = make_season(first), []
    for count in (1, 30):
        while season.entries.count() < count:
            film = FilmFactory(countries=["JP"])
            SeasonEntry.objects.create(season=season, film=film, position=season.entries.count() + 1)
            StillFactory(film=film)
            if season.entries.count() % 2:
                ReviewFactory(film=film)
        for number in range(count // 10):
            make_season(first, title=f"Festival {number}", first_day=date(2026, 1, 1) + timedelta(days=number))
        pages = ("/seasons/", "/seasons/winter-with-ozu/", "/reviews/first/", "/feeds/seasons/winter-with-ozu.atom")
        found.append([cold(client, page) for page in pages])

    assert found[0] == found[1]
    assert found[0][:2] == [4, 6]
    assert max(found[0]) <= 12
