"""rows(): small child tables in the query of their parent, alike on both databases."""

import pytest
from django.db.models import Case, F, Value, When

from config.sql import children, rows
from films.models import Credit, Film, FilmCountry, Role, Still
from tests.factories import CreditFactory, FilmFactory, PersonFactory, StillFactory

pytestmark = pytest.mark.django_db


def countries(order="position"):
    return rows(children(Film, "film_countries").order_by(order), code="country", place="position")


def test_parent_without_children_has_an_empty_list():
    FilmFactory()

    assert Film.objects.annotate(found=countries()).get().found == []


def test_children_come_in_order_with_the_columns_named():
    FilmFactory(countries=["FR", "DE", "SU"])

    assert Film.objects.annotate(found=countries()).get().found == [
        {"code": "FR", "place": 1},
        {"code": "DE", "place": 2},
        {"code": "SU", "place": 3},
    ]
    assert [row["code"] for row in Film.objects.annotate(found=countries("-position")).get().found] == [
        "SU",
        "DE",
        "FR",
    ]


def test_each_parent_has_its_own_children_in_one_query(django_assert_num_queries):
    for codes in (["FR"], [], ["DE", "AT"]):
        FilmFactory(countries=codes)

    with django_assert_num_queries(1):
        films = list(Film.objects.annotate(found=countries()).order_by("pk"))

    assert [[row["code"] for row in film.found] for film in films] == [["FR"], [], ["DE", "AT"]]


def test_values_keep_their_type_and_every_character():
    name = 'Ann “O’Neil” "千" \\ </script> & é\n😀'
    film = FilmFactory()
    CreditFactory(film=film, person=PersonFactory(name=name), position=3)
    StillFactory(film=film, is_decorative=True)
    Still.objects.update(widths=[480, 640])

    credit = rows(children(Film, "credits"), name="person__name", place="position", born="person__birth_year")
    still = rows(children(Film, "stills"), decorative="is_decorative", widths="widths")
    found = Film.objects.annotate(credit=credit, still=still).get()

    assert found.credit == [{"name": name, "place": 3, "born": None}]
    assert found.still[0]["decorative"] in (True, 1)
    assert found.still[0]["widths"] == [480, 640]


def test_filters_slices_and_expressions_hold():
    film = FilmFactory()
    for place, role in enumerate((Role.DIRECTOR, Role.DIRECTOR, Role.ACTOR), 1):
        CreditFactory(film=film, person=PersonFactory(name=f"P{place}"), role=role, position=place)
    directors = children(Film, "credits").filter(role=Role.DIRECTOR).order_by("-position")
    named = Case(When(credited_as="", then=F("person__name")), default=Value("?"))

    found = Film.objects.annotate(found=rows(directors[:1], name=named)).get().found

    assert found == [{"name": "P2"}]


def test_lists_can_be_asked_for_across_a_relation_to_many():
    genre_film = FilmFactory()
    genre_film.genres.create(name="Western")
    genre_film.genres.create(name="Drama")
    FilmFactory().genres.create(name="Comedy")

    found = Film.objects.annotate(found=rows(children(Film, "genres").order_by("name"), name="name"))

    assert [row["name"] for row in found.get(pk=genre_film.pk).found] == ["Drama", "Western"]


def test_annotated_queries_can_be_counted_filtered_and_sliced():
    for _ in range(3):
        FilmFactory(countries=["FR"])
    films = Film.objects.annotate(found=countries())

    assert films.count() == 3
    assert films.filter(film_countries__country="FR").order_by("pk")[1:2].get().found == [{"code": "FR", "place": 1}]


def test_children_are_those_of_the_relation():
    assert children(Film, "film_countries").model is FilmCountry
    assert children(Film, "credits").model is Credit
