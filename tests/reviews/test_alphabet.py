"""The A to Z of films and of people."""

from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from bs4 import BeautifulSoup
from django.apps import apps
from django.db import connection
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from films.models import Film, FilmLanguage, Genre, Role
from people.models import Person
from reviews.archive import views
from reviews.models import Publication
from tests.factories import CapsuleFactory, CreditFactory, DraftFactory, FilmFactory, PersonFactory, ReviewFactory

pytestmark = pytest.mark.django_db


def read(client, address):
    """The page as a reader gets it."""
    response = client.get(address)
    assert response.status_code == 200, address
    return BeautifulSoup(response.content, "html.parser")


def films(client, query=""):
    """The titles listed."""
    return [heading.a.text for heading in read(client, f"/films/{query}").select(".rows h3")]


def people(client, query=""):
    """The names listed."""
    return [item.a.text for item in read(client, f"/people/{query}").select(".index li")]


def letters(page):
    """The letters that lead somewhere."""
    return [link.text for link in page.select(".alphabet a")]


@pytest.fixture
def shelf():
    for title in ("Zodiac", "Éloge de l’amour", "The Act of Killing", "8½", "Люблю", "L’Atalante", "Eden", "2046"):
        FilmFactory(title=title)


def test_films_stand_under_the_letter_of_their_sort_title(client, shelf):
    assert films(client) == [
        "2046",
        "8½",
        "The Act of Killing",
        "L’Atalante",
        "Eden",
        "Éloge de l’amour",
        "Zodiac",
        "Люблю",
    ]
    assert films(client, "?letter=a") == ["The Act of Killing", "L’Atalante"]
    assert films(client, "?letter=e") == ["Eden", "Éloge de l’amour"]
    assert films(client, "?letter=0-9") == ["2046", "8½"]
    assert films(client, "?letter=other") == ["Люблю"]


def test_only_letters_with_films_are_links(client, shelf):
    page = read(client, "/films/")

    assert letters(page) == ["All", "0–9", "A", "E", "Z", "Other scripts"]
    assert "B" in [item.text for item in page.select(".alphabet span")]


def test_letters_are_those_of_the_films_chosen(client):
    FilmFactory(title="Amarcord", countries=["IT"])
    FilmFactory(title="Breathless", countries=["FR"])

    page = read(client, "/films/?country=it")

    assert letters(page) == ["All", "A"]
    assert page.h1.text == "Italian films"
    assert page.select(".alphabet a")[1]["href"] == "/films/?letter=a&country=it"


def test_films_by_filters(client):
    chosen = FilmFactory(title="Ran", year=1985, countries=["JP"])
    FilmLanguage.objects.create(film=chosen, language="ja")
    chosen.genres.add(Genre.objects.create(name="War"))
    FilmFactory(title="Come and See", year=1985, countries=["SU"])
    ReviewFactory(film=chosen)
    DraftFactory(film=FilmFactory(title="Unseen", year=1984))

    for query in (
        "?year=1985&country=jp",
        "?language=ja",
        "?genre=war",
        "?reviewed=yes",
        "?decade=1980s&country=jp&reviewed=yes",
    ):
        assert films(client, query) == ["Ran"], query
    assert films(client, "?decade=1980s") == ["Come and See", "Ran", "Unseen"]
    assert [way.a["href"] for way in read(client, "/films/?country=su&genre=war").select(".ways li")] == [
        "/films/?country=su",
        "/films/?genre=war",
    ]


@pytest.fixture
def opinions():
    """Films by what is said of them: (year, days since each review with its rating, rating of a capsule)."""
    now = timezone.now()
    for title, year, reviews, capsule in (
        ("Alphaville", 1965, {9: 3, 2: 4.5}, None),
        ("Breathless", 1960, {5: 5}, 1),
        ("Contempt", 1963, {}, 4.5),
        ("Detective", None, {}, None),
    ):
        film = FilmFactory(title=title, year=year)
        for days, rating in reviews.items():
            moment = now - timedelta(days=days)
            ReviewFactory(film=film, rating=rating, published_at=moment, tag_names=[f"{title} tag", "godard"])
        if capsule:
            CapsuleFactory(film=film, rating=capsule)
        DraftFactory(film=film, rating=0.5, tag_names=["hidden"])


@pytest.mark.parametrize(
    ("order", "titles"),
    {
        "": "ABCD",
        "newest": "ACBD",
        "oldest": "BCAD",
        "rated": "BACD",
        "reviewed": "ABCD",
    }.items(),
)
def test_films_in_an_order(client, opinions, order, titles):
    assert "".join(title[0] for title in films(client, f"?order={order}" if order else "")) == titles


def test_films_by_newest_review_pass_over_the_title(client, opinions):
    ReviewFactory(film=Film.objects.get(title="Detective"), published_at=timezone.now() - timedelta(hours=1))

    assert films(client, "?order=reviewed") == ["Detective", "Alphaville", "Breathless", "Contempt"]


def test_films_by_rating_and_theme_of_what_is_said_of_them(client, opinions):
    assert films(client, "?rating=4.5") == ["Alphaville", "Contempt"]  # as the list prints it
    assert films(client, "?rating=5") == ["Breathless"]
    assert films(client, "?rating=0.5") == []
    assert films(client, "?tag=godard") == ["Alphaville", "Breathless"]
    assert client.get("/films/?tag=hidden").status_code == 404
    page = read(client, "/films/?tag=godard&rating=5&order=rated")
    assert page.h1.text == "Films, on “godard”, rated 5 out of 5, highest rated first"
    assert [option.text for option in page.select("#f-rating option")][1:] == ["5 out of 5 (1)", "4.5 out of 5 (1)"]


def test_films_of_a_theme_are_known_by_their_own_address_and_orders_by_none(client, opinions):
    page = read(client, "/films/?tag=godard")
    assert page.select_one("link[rel=canonical]")["href"].endswith("/films/?tag=godard")
    assert page.select_one("meta[name=robots]") is None
    assert read(client, "/films/?order=oldest").select_one("meta[name=robots]")
    assert client.get("/films/?order=title").url == "/films/"
    assert client.get("/films/?order=random").status_code == 404


def test_capsule_entered_since_counts_at_once(client, opinions):
    assert films(client, "?rating=2") == []

    CapsuleFactory(film=Film.objects.get(title="Detective"), rating=2)

    assert films(client, "?rating=2") == ["Detective"]


def test_publication_without_ratings_does_not_tell_those_of_films_by_filters(client, opinions):
    Publication(show_ratings=False).save()

    page = read(client, "/films/")

    assert page.select("#f-rating") == []
    assert "rated" not in [option["value"] for option in page.select("#f-order option")]
    assert client.get("/films/?order=rated&rating=5").url == "/films/"


def test_years_are_offered_within_a_decade(client):
    for year in (1984, 1985, 1991):
        FilmFactory(year=year)

    assert read(client, "/films/").select("#f-year") == []
    assert [option["value"] for option in read(client, "/films/?decade=1980s").select("#f-year option")] == [
        "",
        "1984",
        "1985",
    ]
    page = read(client, "/films/?year=1984")
    assert [option["value"] for option in page.select("option[selected]")] == ["1980s", "1984"]


@pytest.mark.parametrize(
    "address",
    [
        "/films/?letter=aa", "/films/?letter=%C3%A9", "/films/?tag=x&letter=1", "/films/?reviewed=no", "/films/?country=zz",
        "/people/?letter=aa", "/people/?role=hero", "/people/?reviewed=2", "/people/?page=0", "/people/?page=2", "/people/?letter=a&page=9",
        "/films/?page=" + "9" * 5000, "/people/?role=" + "x" * 10_000, "/people/?role=%00", "/films/?genre=%27--",
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_not_found(client, shelf, address):
    assert client.get(address).status_code == 404


def test_addresses_are_tidied(client, shelf):
    assert client.get("/films/?country=&letter=A&page=1").url == "/films/?letter=a"
    assert client.get("/people/?reviewed=yes&role=Director&letter=").url == "/people/?role=director&reviewed=yes"
    assert client.get("/people/?country=fr").url == "/people/"


# --- People


@pytest.fixture
def guild():
    varda, ozu = PersonFactory(name="Agnès Varda"), PersonFactory(name="Yasujirō Ozu")
    PersonFactory(name="Lars von Trier")
    PersonFactory(name="Åke Ödman")
    PersonFactory(name="小津安二郎")
    CreditFactory(person=varda, role=Role.DIRECTOR, film=ReviewFactory().film)
    CreditFactory(person=varda, role=Role.WRITER)
    CreditFactory(person=ozu, role=Role.DIRECTOR)
    DraftFactory(film=ozu.credits.get().film)


def test_people_stand_under_the_letter_of_their_sort_name(client, guild):
    assert people(client) == ["Ödman, Åke", "Ozu, Yasujirō", "Trier, Lars von", "Varda, Agnès", "小津安二郎"]
    assert people(client, "?letter=o") == ["Ödman, Åke", "Ozu, Yasujirō"]
    assert people(client, "?letter=other") == ["小津安二郎"]
    assert letters(read(client, "/people/")) == ["All", "O", "T", "V", "Other scripts"]


def test_people_by_role_and_by_what_is_reviewed(client, guild):
    assert people(client, "?role=director") == ["Ozu, Yasujirō", "Varda, Agnès"]
    assert people(client, "?role=writer") == ["Varda, Agnès"]
    assert people(client, "?reviewed=yes") == ["Varda, Agnès"]
    assert people(client, "?role=director&reviewed=yes") == ["Varda, Agnès"]
    assert people(client, "?role=writer&reviewed=yes") == []
    assert letters(read(client, "/people/?role=director")) == ["All", "O", "V"]
    assert read(client, "/people/?letter=v&role=director").h1.text == "Directors: V"


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(st.sampled_from(["Abel", "Axel", "Bea", "Émile", "7", "Zoë", "小津", "Ōe", "ngẫu"]), max_size=20))
def test_pages_divide_the_people_however_letters_fall(client, monkeypatch, names):
    monkeypatch.setattr(views, "PEOPLE_PER_PAGE", 3)
    Person.objects.all().delete()
    for number, name in enumerate(names):
        Person.objects.create(name=f"{name} {number}", sort_name=f"{name} {number:02}")

    listed = []
    for number in range(1, max(1, -(-len(names) // 3)) + 1):
        listed += people(client, f"?page={number}" if number > 1 else "")

    assert listed == list(Person.objects.by_name().values_list("sort_name", flat=True))


def test_late_page_reads_the_ids_of_its_own_letter_from_the_index(client):
    PersonFactory.create_batch(30)

    with connection.cursor() as cursor:
        page = (
            Person.objects.filter(letter__range=(16, 16)).order_by("letter", "sort_key", "pk").values_list("pk")[9:12]
        )
        sql, params = page.query.sql_with_params()
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {'QUERY PLAN' if connection.vendor == 'sqlite' else ''} {sql}", params)
        plan = str(cursor.fetchall())
    assert "people_person_alphabet" in plan
    assert "SORT" not in plan.upper().replace("SORT_KEY", "")


@pytest.mark.parametrize("count", [1, 3, 20])
@pytest.mark.parametrize(
    ("address", "queries"),
    {"/films/": 6, "/films/?country=fr&genre=drama": 6, "/people/": 4, "/people/?role=director": 4}.items(),
)
def test_page_takes_few_queries_however_much_there_is(client, address, queries, count, django_assert_max_num_queries):
    genre = Genre.objects.create(name="Drama")
    for _number in range(count):
        film = FilmFactory(countries=["FR"], directors=[PersonFactory()])
        film.genres.add(genre)
        ReviewFactory(film=film)

    with django_assert_max_num_queries(queries + 3):
        client.get(address)


def people_offered(page, name):
    """What a filter of people offers, with its counts, in its order."""
    return [option.text for option in page.select(f"#f-{name} option")][1:]


def test_counts_beside_roles_reflect_the_other_choices(client, guild):
    godard = PersonFactory(name="Agnès Godard")
    CreditFactory.create_batch(3, person=godard, role=Role.CINEMATOGRAPHER)  # three films, one person

    page = read(client, "/people/")
    assert people_offered(page, "role") == ["Director (2)", "Writer (1)", "Cinematographer (1)"]
    assert people_offered(page, "reviewed") == ["Reviewed here (1)"]
    assert people_offered(read(client, "/people/?letter=v"), "role") == ["Director (1)", "Writer (1)"]
    assert people_offered(read(client, "/people/?reviewed=yes"), "role") == ["Director (1)"]
    assert people_offered(read(client, "/people/?role=writer"), "reviewed") == []
    page = read(client, "/people/?letter=o&role=director&reviewed=yes")
    assert people_offered(page, "role") == ["Director (0)"]
    assert letters(page) == ["All", "V"]


def test_empty_choice_of_people_offers_the_nearest_that_are_not(client, guild):
    def ways(query):
        return [
            (way.a.text, way.a["href"], way.small.text) for way in read(client, f"/people/{query}").select(".ways li")
        ]

    assert ways("?letter=o&role=writer") == [
        ("O", "/people/?letter=o", "2 people"),
        ("Writer", "/people/?role=writer", "1 person"),
    ]
    assert ways("?letter=o&role=director&reviewed=yes") == [
        ("O, Director", "/people/?letter=o&role=director", "1 person"),
        ("Director, Reviewed here", "/people/?role=director&reviewed=yes", "1 person"),
    ]
    assert ways("?role=sound") == [("Everything", "/people/", "5 people")]


def test_counts_of_people_follow_what_is_published(client, guild):
    assert people_offered(read(client, "/people/"), "reviewed") == ["Reviewed here (1)"]

    ReviewFactory(film=Person.objects.get(name="Yasujirō Ozu").credits.get().film)

    assert people_offered(read(client, "/people/"), "reviewed") == ["Reviewed here (2)"]


def test_people_without_a_credit_are_listed_and_the_page_says_so(client):
    PersonFactory(name="Vera Halation")

    page = read(client, "/people/")

    assert [item.a.text for item in page.select(".index li")] == ["Halation, Vera"]
    assert page.select_one(".lead").text == "Everyone we hold a record of, by family name."


def test_people_and_films_entered_before_are_filed_by_the_migrations(guild, shelf):
    Person.objects.update(sort_key="", letter=0)
    Film.objects.filter(title="The Act of Killing").update(sort_title="the act of killing")

    editor = SimpleNamespace(connection=connection)
    import_module("people.migrations.0002_alphabet").file_people(apps, editor)
    import_module("films.migrations.0004_refile").refile(apps, editor)

    assert Person.objects.get(name="Agnès Varda").sort_key == "varda agnes"
    assert Film.objects.get(title="The Act of Killing").sort_title == "act of killing"
