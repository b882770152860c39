"""The archive of reviews: filters, orders, addresses, and the way out of an empty combination."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from taggit.models import Tag

from films.models import FilmLanguage, Genre
from reviews.models import Author, Publication, Review
from tests.factories import AuthorFactory, DraftFactory, FilmFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def film(*, languages=(), genres=(), **facts):
    """A film with languages and genres too."""
    made = FilmFactory(**facts)
    for place, code in enumerate(languages, 1):
        FilmLanguage.objects.create(film=made, language=code, position=place)
    made.genres.set([Genre.objects.get_or_create(name=name)[0] for name in genres])
    return made


@pytest.fixture
def shelf():
    """Four reviews that differ in everything."""
    vera, otto = AuthorFactory(name="Vera Halation"), AuthorFactory(name="Otto Splice")
    day = timezone.now() - timedelta(days=9)

    def review(title, year, country, language, genre, author, tag, rating):
        nonlocal day
        day += timedelta(days=1)
        made = film(title=title, year=year, countries=[country], languages=[language], genres=[genre])
        return ReviewFactory(film=made, rating=rating, authors=[author], tag_names=[tag], published_at=day)

    review("Mirror", 1975, "SU", "ru", "Drama", vera, "memory", 5)
    review("The Conversation", 1974, "US", "en", "Thriller", otto, "sound", 4.5)
    review("Lacombe, Lucien", 1974, "FR", "fr", "Drama", otto, "war", 4)
    review("Late Spring", 1949, "JP", "ja", "Drama", vera, "family", None)


def read(client, address):
    """The page as a reader gets it."""
    response = client.get(address)
    assert response.status_code == 200, address
    return BeautifulSoup(response.content, "html.parser")


def titles(client, address):
    """The films whose reviews are listed, in their order."""
    return [heading.a.text for heading in read(client, address).select(".rows h3")]


def offered(page, name):
    """What a filter of the form offers: value and count."""
    options = page.select(f"#f-{name} option")[1:]
    return {option["value"]: int(option.text.rpartition("(")[2].strip(")").replace(",", "")) for option in options}


@pytest.mark.parametrize(
    ("query", "found"),
    {
        "": ["Late Spring", "Lacombe, Lucien", "The Conversation", "Mirror"],
        "decade=1970s": ["Lacombe, Lucien", "The Conversation", "Mirror"],
        "year=1974": ["Lacombe, Lucien", "The Conversation"],
        "country=su": ["Mirror"],
        "language=ja": ["Late Spring"],
        "genre=drama": ["Late Spring", "Lacombe, Lucien", "Mirror"],
        "author=otto-splice": ["Lacombe, Lucien", "The Conversation"],
        "tag=memory": ["Mirror"],
        "rating=4.5": ["The Conversation"],
        "rating=4": ["Lacombe, Lucien"],
        "decade=1970s&genre=drama&author=vera-halation": ["Mirror"],
        "order=oldest": ["Mirror", "The Conversation", "Lacombe, Lucien", "Late Spring"],
        "order=rated": ["Mirror", "The Conversation", "Lacombe, Lucien", "Late Spring"],
        "order=title": ["The Conversation", "Lacombe, Lucien", "Late Spring", "Mirror"],
        "order=year": ["Late Spring", "Lacombe, Lucien", "The Conversation", "Mirror"],
        "genre=drama&order=title": ["Lacombe, Lucien", "Late Spring", "Mirror"],
    }.items(),
)
def test_filters_and_orders(client, shelf, query, found):
    assert titles(client, f"/reviews/?{query}" if query else "/reviews/") == found


def test_counts_beside_a_choice_reflect_the_other_choices(client, shelf):
    page = read(client, "/reviews/?decade=1970s&genre=drama")

    assert offered(page, "genre") == {"drama": 2, "thriller": 1}
    assert offered(page, "country") == {"su": 1, "fr": 1}
    assert offered(page, "author") == {"vera-halation": 1, "otto-splice": 1}
    assert [bar.get_text(" ", strip=True) for bar in page.select(".decades a")] == ["1974 1 review", "1975 1 review"]


def test_form_keeps_what_is_chosen_by_link(client, shelf):
    page = read(client, "/reviews/?decade=1970s&genre=drama&order=rated")

    assert [(field["name"], field["value"]) for field in page.select(".filters input")] == [("decade", "1970s")]
    assert [option["value"] for option in page.select(".filters option[selected]")] == ["drama", "rated"]


def test_each_filter_can_be_taken_back(client, shelf):
    chips = read(client, "/reviews/?decade=1970s&genre=drama&order=rated").select(".chips a")

    assert [chip["href"] for chip in chips] == [
        "/reviews/?genre=drama&order=rated",
        "/reviews/?decade=1970s&order=rated",
        "/reviews/",
    ]


# --- Addresses


@pytest.mark.parametrize(
    ("asked", "address"),
    {
        "order=&country=&genre=drama": "?genre=drama",
        "country=FR&decade=1970S": "?decade=1970s&country=fr",
        "order=newest": "",
        "page=1": "",
        "genre=drama&page=1": "?genre=drama",
        "utm_source=letter": "",
        "genre=drama&genre=thriller": "?genre=thriller",
        "decade=1970s&year=1974": "?year=1974",
        "decade=1940s&year=1974": "?decade=1940s",
        "year=+1974+": "?year=1974",
        "rating=5.0": "?rating=5",
        "rating=4.50": "?rating=4.5",
        "page=2&order=rated&genre=drama&decade=1970s": "?decade=1970s&genre=drama&order=rated&page=2",
    }.items(),
)
def test_every_question_has_one_address(client, shelf, asked, address):
    response = client.get(f"/reviews/?{asked}")

    assert (response.status_code, response.url) == (302, f"/reviews/{address}")


@pytest.mark.parametrize(
    "query",
    [
        "country=zz", "country=france", "year=74", "year=0000", "year=1700", "year=9999", "decade=1974", "decade=1800s",
        "decade=9990s", "language=qqq", "genre=no-such", "author=nobody", "tag=nothing", "rating=6", "rating=4.25", "rating=0.0",
        "rating=-1", "rating=0", "order=random", "choose=rating", "choose=x", "page=0", "page=-1", "page=x", "page=01",
        "page=99", "page=1e3", "country=fr&page=99", "genre=%00", "tag=%ED%A0%80", "author=%27%20OR%201%3D1--", "tag=%3Cscript%3E",
        "country=" + "f" * 10_000, "page=" + "9" * 10_000, "genre=" + "%F0%9F%8E%AC" * 300, "year=%D9%A1%D9%A9%D9%A7%D9%A4",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_not_found(client, shelf, query):
    assert client.get(f"/reviews/?{query}").status_code == 404


def test_theme_whose_address_has_capitals_is_offered_and_found(client, shelf):
    Tag.objects.filter(name="memory").update(slug="Memory")

    assert offered(read(client, "/reviews/"), "tag")["Memory"] == 1
    assert titles(client, "/reviews/?tag=Memory") == ["Mirror"]
    assert client.get("/reviews/?tag=WAR").url == "/reviews/?tag=war"


def test_theme_and_writer_are_found_by_their_former_address(client, shelf):
    tag, writer = Tag.objects.get(name="memory"), Author.objects.get(name="Vera Halation")
    tag.slug, writer.name = "remembrance", "Vera Grain"
    tag.save()
    writer.save()

    asked = client.get("/reviews/?author=vera-halation&tag=memory")

    assert asked.url == "/reviews/?author=vera-grain&tag=remembrance"


WORDS = st.text(st.characters(codec="utf-8"), max_size=12)
SOME = "1970s 1974 1949 fr FR su ja drama Drama otto-splice memory 4.5 5 rated title newest tag country 1 2 zz 0"
VALUES = st.sampled_from([*SOME.split(), "", " fr ", "<b>", "'", "%", "\0"])
NAMES = st.sampled_from(
    [
        "decade",
        "year",
        "country",
        "language",
        "genre",
        "author",
        "tag",
        "rating",
        "order",
        "choose",
        "page",
        "Country",
        "x",
    ]
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.one_of(NAMES, WORDS), st.one_of(VALUES, WORDS)), max_size=6))
def test_any_address_is_answered_and_a_redirect_leads_to_a_page_or_nowhere(client, shelf, asked):
    response = client.get(f"/reviews/?{urlencode(asked)}")

    assert response.status_code in (200, 302, 404)
    if response.status_code == 302:
        assert client.get(response.url).status_code in (200, 404)


# --- What a search engine and a browser's bar are told


@pytest.mark.parametrize(
    ("query", "heading"),
    {
        "": "Reviews",
        "country=fr&decade=1970s&order=rated": "Reviews of French films of the 1970s, highest rated first",
        "genre=drama&language=ja": "Reviews of drama films in Japanese",
        "author=otto-splice&year=1974": "Reviews by Otto Splice of films of 1974",
        "tag=memory&rating=5": "Reviews, on “memory”, rated 5 out of 5",
    }.items(),
)
def test_heading_says_what_is_listed(client, shelf, query, heading):
    page = BeautifulSoup(client.get(f"/reviews/?{query}", follow=True).content, "html.parser")

    assert page.h1.text == heading
    assert page.title.text == f"{heading} – Rushes"


def links(page):
    return {link["rel"][0]: link["href"] for link in page.select("link[rel=canonical], link[rel=prev], link[rel=next]")}


def test_one_filter_may_be_kept_by_search_engines_and_a_combination_may_not(client, shelf):
    for query, is_kept in (
        ("", True),
        ("?genre=drama", True),
        ("?country=fr&genre=drama", False),
        ("?order=rated", False),
    ):
        page = read(client, f"/reviews/{query}")

        assert (page.select_one("meta[name=robots]") is None) == is_kept
        assert links(page)["canonical"].endswith(f"/reviews/{query}")


@pytest.mark.parametrize("address", ["/reviews/?country=aq", "/films/?country=aq", "/people/?role=sound"])
def test_empty_filter_is_not_for_search_engines(client, shelf, address):
    assert read(client, address).select_one("meta[name=robots]")["content"] == "noindex, follow"


def test_pages_of_a_list_name_their_neighbours(client, shelf):
    Publication(reviews_per_page=1).save()

    page = read(client, "/reviews/?genre=drama&page=2")

    assert {rel: href.removeprefix("http://testserver") for rel, href in links(page).items()} == {
        "canonical": "/reviews/?genre=drama&page=2",
        "prev": "/reviews/?genre=drama",
        "next": "/reviews/?genre=drama&page=3",
    }
    assert [way["href"] for way in page.select(".pager a[rel]")] == [
        "/reviews/?genre=drama",
        "/reviews/?genre=drama&page=3",
    ]


def test_reviews_of_one_theme_are_known_by_its_own_page(client, shelf):
    assert links(read(client, "/reviews/?tag=memory"))["canonical"].endswith("/tags/memory/")
    assert links(read(client, "/reviews/?author=otto-splice"))["canonical"].endswith("/authors/otto-splice/")


# --- Nothing found


def test_empty_combination_offers_the_nearest_that_are_not(client, shelf):
    page = read(client, "/reviews/?decade=1970s&country=jp&genre=drama")

    ways = [(way.a.text, way.a["href"], way.small.text) for way in page.select(".ways li")]
    assert ways == [
        ("1970s, Drama", "/reviews/?decade=1970s&genre=drama", "2 reviews"),
        ("Japan, Drama", "/reviews/?country=jp&genre=drama", "1 review"),
    ]


def test_year_without_reviews_leads_to_its_decade(client, shelf):
    ways = read(client, "/reviews/?year=1971&genre=drama").select(".ways li")

    assert [(way.a.text, way.a["href"], way.small.text) for way in ways] == [
        ("Drama", "/reviews/?genre=drama", "3 reviews"),
        ("1970s, Drama", "/reviews/?decade=1970s&genre=drama", "2 reviews"),
    ]


def test_value_that_no_review_has_leads_to_all_reviews(client, shelf):
    page = read(client, "/reviews/?country=br")

    assert [(way.a["href"], way.small.text) for way in page.select(".ways li")] == [("/reviews/", "4 reviews")]


def test_archive_without_reviews_says_so(client):
    page = read(client, "/reviews/")

    assert "No reviews yet." in page.main.text
    assert page.select(".filters, .decades") == []


# --- What readers may not see


def test_what_is_not_public_is_in_no_list_count_or_choice(client, shelf):
    secret = film(title="Secret", year=1933, countries=["BR"], languages=["pt"], genres=["Secret"])
    DraftFactory(film=secret, tag_names=["hidden"], rating=0.5)
    ReviewFactory(film=secret, published_at=timezone.now() + timedelta(days=1), tag_names=["hidden"])

    page = read(client, "/reviews/")

    assert "4 reviews" in page.select_one(".byline").text
    assert "1930s" not in page.main.text
    assert not {"br", "pt", "secret", "hidden", "0.5"} & {option.get("value") for option in page.select("option")}
    assert client.get("/reviews/?tag=hidden").status_code == 404
    assert titles(client, "/reviews/?country=br") == []


def test_scheduled_review_appears_by_the_clock_and_a_withdrawn_one_is_gone_at_once(client, shelf):
    scheduled = ReviewFactory(film=film(title="Soon"), published_at=timezone.now() + timedelta(hours=1))
    assert "Soon" not in titles(client, "/reviews/")

    with time_machine.travel(timezone.now() + timedelta(hours=2)):
        assert "Soon" in titles(client, "/reviews/?order=oldest")
        scheduled.withdraw()
        assert "Soon" not in titles(client, "/reviews/?order=oldest")


def test_publication_without_ratings_does_not_tell_them_by_filters(client, shelf):
    Publication(show_ratings=False).save()

    page = read(client, "/reviews/")

    assert page.select("#f-rating") == []
    assert "rated" not in [option["value"] for option in page.select("#f-order option")]
    assert client.get("/reviews/?rating=5").url == "/reviews/"
    assert client.get("/reviews/?order=rated").url == "/reviews/"


# --- The rest of a long filter


def test_long_filter_offers_the_most_frequent_and_leads_to_all(client):
    author = AuthorFactory()
    for number in range(45):
        ReviewFactory(tag_names=[f"theme {number:02}", "common"], authors=[author])

    page = read(client, "/reviews/")
    more = page.select_one(".longer a")

    assert len(offered(page, "tag")) == 40
    assert offered(page, "tag")["common"] == 45
    assert (more["href"], more.text) == ("/reviews/?choose=tag", "46 themes")
    everything = read(client, more["href"])
    assert len(everything.select(".index li")) == 46
    assert everything.select_one(".index a")["href"] == "/reviews/?tag=common"


def test_chosen_value_is_offered_however_rare(client):
    for number in range(45):
        ReviewFactory(tag_names=[f"theme {number:02}"])

    for number in (0, 44):
        page = read(client, f"/reviews/?tag=theme-{number:02}")
        assert page.select_one("#f-tag option[selected]")["value"] == f"theme-{number:02}"


# --- Against a count by hand


def test_counts_equal_a_count_by_hand_and_each_filter_divides_the_archive(client):
    chance = random.Random(7)
    authors = AuthorFactory.create_batch(3)
    known = []
    for number in range(40):
        facts = {
            "decade": chance.choice(["1960s", "1970s"]),
            "country": chance.sample(["fr", "it", "jp"], chance.randint(0, 2)),
            "genre": chance.sample(["drama", "war"], chance.randint(0, 2)),
            "author": chance.choice(authors),
            "rating": chance.choice([None, 3, 4.5]),
        }
        made = film(
            title=f"Film {number}",
            year=int(facts["decade"][:4]) + 3,
            countries=[code.upper() for code in facts["country"]],
            genres=facts["genre"],
        )
        ReviewFactory(film=made, authors=[facts["author"]], rating=facts["rating"])
        known.append(facts | {"author": facts["author"].slug, "rating": facts["rating"] and f"{facts['rating']:g}"})
    Publication(reviews_per_page=7).save()

    def values(facts, name):
        value = facts[name]
        return set(value) if isinstance(value, list) else {value} - {None}

    def matches(facts, chosen):
        return all(value in values(facts, name) for name, value in chosen.items())

    for _attempt in range(12):
        names = chance.sample(["decade", "country", "genre", "author", "rating"], chance.randint(0, 3))
        example = chance.choice(known)
        chosen = {name: min(values(example, name)) for name in names if values(example, name)}
        page = BeautifulSoup(client.get("/reviews/", chosen, follow=True).content, "html.parser")

        assert page.select_one(".byline p").text.startswith(f"{sum(matches(facts, chosen) for facts in known)} ")
        for name in ("country", "genre", "author", "rating"):
            others = {other: value for other, value in chosen.items() if other != name}
            by_hand = Counter(value for facts in known if matches(facts, others) for value in values(facts, name))
            assert offered(page, name) == by_hand

    listed = []
    for decade in ("1960s", "1970s"):
        for number in range(1, -(-sum(facts["decade"] == decade for facts in known) // 7) + 1):
            listed += titles(client, f"/reviews/?decade={decade}" + (f"&page={number}" if number > 1 else ""))
    assert sorted(listed) == sorted(f"Film {number}" for number in range(40))


# --- Cost


@pytest.mark.parametrize("count", [1, 3, 20])
@pytest.mark.parametrize(
    "query", ["", "?country=fr", "?decade=1970s&country=fr&genre=drama", "?order=rated", "?choose=tag"]
)
def test_page_takes_few_queries_however_much_there_is(client, query, count, django_assert_num_queries):
    for _number in range(count):
        ReviewFactory(film=film(year=1975, countries=["FR"], languages=["fr"], genres=["Drama"]), tag_names=["sea"])
    ContentType.objects.get_for_model(Review)

    with django_assert_num_queries(7 if "choose" in query else 9):
        client.get(f"/reviews/{query}")
    with django_assert_num_queries(1 if not query else 2 if "choose" in query else 4):  # the index is kept
        client.get(f"/reviews/{query}")


def test_late_page_takes_no_more_queries(client, django_assert_num_queries):
    Publication(reviews_per_page=1).save()
    ReviewFactory.create_batch(9)
    client.get("/reviews/")

    with django_assert_num_queries(4):
        client.get("/reviews/?page=9")


# --- By date


def test_reviews_are_filed_by_month_in_the_publications_time_zone(client, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    for title, moment in {
        "June in Tokyo": datetime(2024, 5, 31, 20, tzinfo=UTC),
        "May": datetime(2024, 5, 31, 9, tzinfo=UTC),
    }.items():
        ReviewFactory(film=film(title=title), published_at=moment)

    assert titles(client, "/archive/2024/") == ["June in Tokyo", "May"]
    assert titles(client, "/archive/2024/05/") == ["May"]
    assert titles(client, "/archive/2024/06/") == ["June in Tokyo"]


@pytest.fixture
def calendar():
    for moment in (
        datetime(2022, 3, 1, tzinfo=UTC),
        datetime(2024, 1, 5, tzinfo=UTC),
        datetime(2024, 1, 9, tzinfo=UTC),
    ):
        ReviewFactory(published_at=moment)


def test_archive_counts_the_reviews_of_each_month(client, calendar):
    page = read(client, "/archive/")

    assert [(year.h3.text, year.p.text) for year in page.select(".archive-year")] == [
        ("2024", "2 reviews"),
        ("2022", "1 review"),
    ]
    assert [bar["href"] for bar in page.select(".decades a")] == ["/archive/2024/01/", "/archive/2022/03/"]
    assert [bar.small.get_text(" ") for bar in page.select(".decades a")] == ["2  reviews", "1  review"]


def test_months_lead_to_the_next_that_has_reviews(client, calendar):
    ways = read(client, "/archive/2022/03/").select(".neighbours a")

    assert [(way["rel"], way["href"]) for way in ways] == [(["next"], "/archive/2024/01/")]
    assert [way["href"] for way in read(client, "/archive/2024/").select(".neighbours a")] == ["/archive/2022/"]


@pytest.mark.parametrize(
    "path", ["2023/", "2024/02/", "2024/13/", "2024/00/", "0000/", "2024/1/", "99999/", "2024/01/?page=2"]
)
def test_time_without_reviews_is_not_found(client, calendar, path):
    assert client.get(f"/archive/{path}").status_code == 404


def test_archive_by_date_is_in_the_sitemap_and_linked_from_the_reviews(client, calendar):
    listed = client.get("/sitemaps/lists.xml").text

    for path in ("/archive/", "/archive/2024/", "/archive/2024/01/", "/archive/2022/03/"):
        assert f"{path}</loc>" in listed
    assert read(client, "/reviews/").select_one('main a[href="/archive/"]')
