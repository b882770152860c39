"""What the catalogue lets in, where a film is found, and what it costs to read one."""

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, transaction
from django.http import Http404
from django.urls import reverse

from config.slugs import get_or_redirect
from films.models import Certificate, Credit, Film, FilmCountry, FilmLanguage, Genre, Role, WatchLink
from films.models.film import length_class, sort_title_from
from films.models.still import StillRole
from tests.factories import CreditFactory, FilmFactory, PersonFactory, StillFactory, picture_file

pytestmark = pytest.mark.django_db


def refused(action, *args, **kwargs):
    """The database's complaint about the action; the test goes on in its transaction."""
    with pytest.raises((IntegrityError, DataError)) as caught, transaction.atomic():
        action(*args, **kwargs)
    return str(caught.value)


def complaints(record):
    """What a form says of the record, by field."""
    with pytest.raises(ValidationError) as caught:
        record.full_clean()
    return caught.value.message_dict


def film_with_facts(**facts):
    """A film with a row in every small table."""
    film = FilmFactory(
        **{"countries": ["SU", "FR"], "directors": [PersonFactory(name="Jim Jarmusch"), PersonFactory(name="Ann")]}
        | facts
    )
    FilmLanguage.objects.create(film=film, language="ru", position=1)
    FilmLanguage.objects.create(film=film, language="fr", position=2)
    film.genres.add(*(Genre.objects.get_or_create(name=name)[0] for name in ("Western", "Drama")))
    Certificate.objects.create(film=film, board="BBFC", mark="15", reason="strong “language”")
    WatchLink.objects.create(film=film, name="The Rio", url="https://cinema.example/?a=1&b=2")
    return film


# --- Addresses


@pytest.mark.parametrize(
    ("title", "year", "slug"),
    [
        ("8½", 1963, "8-1-2-1963"),
        ("M", 1931, "m-1931"),
        ("$", 1971, "dollar-sign-1971"),
        ("[REC]", 2007, "rec-2007"),
        ("千と千尋の神隠し", 2001, "千と千尋の神隠し-2001"),
        ("…And Justice for All", 1979, "and-justice-for-all-1979"),
        ("...And Justice for All", 1979, "and-justice-for-all-1979"),
        ("WALL·E", 2008, "wall-e-2008"),
        ("Ocean’s 11", 1960, "oceans-11-1960"),
        ("पथेर पांचाली", None, "पथेर-पांचाली"),
        ("300", 2006, "300-2006"),
        ("��", 1999, "untitled-1999"),
    ],
)
def test_address_is_made_from_title_and_year(title, year, slug):
    film = FilmFactory(title=title, year=year)

    film.full_clean()
    assert film.slug == slug
    assert get_or_redirect(Film.objects, slug) == (film, None)
    assert reverse("films:detail", args=[slug]) == film.get_absolute_url()


def test_films_of_one_title_and_year_have_addresses_of_their_own():
    films = [FilmFactory(title="Nine", year=2009) for _ in range(3)]

    assert [film.slug for film in films] == ["nine-2009", "nine-2009-2", "nine-2009-3"]
    assert list(films[0].same_title_and_year()) == films[1:]
    assert list(Film(title="nINE", year=2009).same_title_and_year()) == films


def test_changed_title_moves_the_address_and_keeps_the_old_one_leading_there():
    film = FilmFactory(title="Star Wars", year=1977)
    film.title = "Star Wars: Episode IV"

    film.save()

    assert film.slug == "star-wars-episode-iv-1977"
    record, redirect = get_or_redirect(Film.objects, "star-wars-1977")
    assert record is None
    assert (redirect.status_code, redirect["Location"]) == (301, "/films/star-wars-episode-iv-1977/")


def test_title_changed_with_named_fields_only_moves_address_and_order_too():
    film = FilmFactory(title="The Zoo", year=1977)
    film.title = "A Park"

    film.save(update_fields=["title"])

    film.refresh_from_db()
    assert (film.title, film.sort_title, film.slug) == ("A Park", "park", "a-park-1977")


def test_title_changed_there_and_back_has_its_first_address_again():
    film = FilmFactory(title="Star Wars", year=1977)

    for title in ("A New Hope", "Star Wars"):
        film.title = title
        film.save()

    assert film.slug == "star-wars-1977"
    assert list(film.former_slugs.values_list("slug", flat=True)) == ["a-new-hope-1977"]


def test_address_an_editor_chose_stays_when_the_title_changes():
    film = FilmFactory(title="Star Wars", year=1977, slug="the-first-one")
    film.title = "A New Hope"

    film.save()

    assert film.slug == "the-first-one"


def test_former_address_is_never_given_to_another_film():
    film = FilmFactory(title="Star Wars", year=1977)
    film.title = "A New Hope"
    film.save()

    assert FilmFactory(title="Star Wars", year=1977).slug == "star-wars-1977-2"
    assert "still redirects" in complaints(Film(title="X", slug="star-wars-1977"))["slug"][0]


def test_address_that_is_taken_is_refused():
    FilmFactory(title="M", year=1931)

    assert complaints(Film(title="X", slug="m-1931"))["slug"] == ["Film with this Address already exists."]
    assert "slug" in refused(Film.objects.bulk_create, [Film(title="X", slug="m-1931")]).lower()


def test_unknown_address_is_not_found():
    with pytest.raises(Http404):
        get_or_redirect(Film.objects, "no-such-film")


# --- What is refused, by the form and by the database


@pytest.mark.parametrize(
    ("fact", "value", "message"),
    [
        ("year", 12, "No film is older than 1888."),
        ("year", 2999, "This year lies too far ahead."),
        ("runtime", 0, "Ensure this value is greater than or equal to 1."),
        ("card_tone", 9, "Value 9 is not a valid choice."),
    ],
)
def test_impossible_number_is_refused(fact, value, message):
    film = FilmFactory()

    assert message in complaints(Film(title="X", slug="x", **{fact: value}))[fact]
    refused(Film.objects.filter(pk=film.pk).update, **{fact: value})


@pytest.mark.parametrize("fact", ["title", "slug"])
def test_film_without_title_or_address_is_refused_by_the_database(fact):
    film = FilmFactory()

    assert f"has_{fact}" in refused(Film.objects.filter(pk=film.pk).update, **{fact: ""})


def test_film_without_title_is_refused_by_the_form():
    assert complaints(Film())["title"] == ["This field cannot be blank."]


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("imdb_id", "tt0074749", "0074749"), ("wikidata_id", "Q25191", "25191"), ("imdb_id", "tt0074749", "tt1\n")],
)
def test_external_id_is_checked_unique_when_present_and_absent_for_many(name, good, bad):
    FilmFactory(**{name: ""})
    FilmFactory(**{name: None})
    known = FilmFactory(**{name: good})

    assert Film.objects.filter(**{f"{name}__isnull": True}).count() == 2
    assert name in complaints(Film(title="X", slug="x", **{name: bad}))
    assert "already exists" in complaints(Film(title="X", slug="x", **{name: good}))[name][0]
    refused(Film.objects.exclude(pk=known.pk).update, **{name: good})


def test_tmdb_id_is_unique_when_present():
    FilmFactory(tmdb_id=7)
    FilmFactory()
    FilmFactory()

    refused(FilmFactory, tmdb_id=7)


def test_same_credit_twice_is_refused():
    credit = CreditFactory(character="Ghost Dog")

    again = Credit(film=credit.film, person=credit.person, role=credit.role, character="Ghost Dog")

    assert complaints(again)["__all__"] == ["This person already has this credit on the film."]
    refused(again.save)


def test_one_person_can_have_two_roles_and_two_characters():
    credit = CreditFactory(character="Dr Strangelove")

    CreditFactory(film=credit.film, person=credit.person, character="Mandrake")
    CreditFactory(film=credit.film, person=credit.person, role=Role.WRITER)

    assert credit.film.credits.count() == 3


def test_unknown_role_is_refused():
    credit = CreditFactory()

    assert "films_credit_role_known" in refused(Credit.objects.filter(pk=credit.pk).update, role="caterer")


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (FilmCountry, {"country": "FR"}),
        (FilmLanguage, {"language": "fr"}),
        (Certificate, {"board": "BBFC", "mark": "15"}),
        (WatchLink, {"name": "The Rio", "url": "https://cinema.example/"}),
    ],
)
def test_small_fact_twice_on_a_film_is_refused(model, values):
    film = FilmFactory()
    model.objects.create(film=film, **values)

    refused(model.objects.create, film=film, **values)


def test_code_of_no_country_or_language_is_refused():
    film = FilmFactory()

    assert complaints(FilmCountry(film=film, country="XX"))["country"] == ["“XX” is not the code of a country."]
    assert complaints(FilmLanguage(film=film, language="xx"))["language"] == ["“xx” is not the code of a language."]
    FilmCountry(film=film, country="SU").full_clean()


def test_person_with_credits_cannot_be_deleted():
    refused(CreditFactory().person.delete)


# --- Facts as a page prints them


@pytest.mark.parametrize("queryset", [lambda: Film.objects.with_facts().with_card(), Film.objects.all])
def test_facts_are_printed_by_name_and_in_order(queryset):
    pk = film_with_facts().pk

    film = queryset().get(pk=pk)

    assert film.country_names == ["Soviet Union", "France"]
    assert film.language_names == ["Russian", "French"]
    assert film.genre_names == ["Drama", "Western"]
    assert film.certificates_printed == [{"board": "BBFC", "mark": "15", "reason": "strong “language”"}]
    assert film.where_to_watch == [{"name": "The Rio", "url": "https://cinema.example/?a=1&b=2"}]
    assert film.directors == [{"name": "Jim Jarmusch", "slug": "jim-jarmusch"}, {"name": "Ann", "slug": "ann"}]


@pytest.mark.parametrize("queryset", [lambda: Film.objects.with_facts().with_card(), Film.objects.all])
def test_film_of_which_nothing_is_known_has_empty_facts(queryset):
    pk = FilmFactory().pk

    film = queryset().get(pk=pk)

    facts = (film.country_names, film.language_names, film.genre_names, film.certificates_printed, film.where_to_watch)
    assert facts == ([], [], [], [], [])
    assert (film.directors, film.card_still) == ([], None)


@pytest.mark.parametrize("count", [1, 3])
def test_facts_and_cards_of_any_number_of_films_cost_one_query(count, django_assert_num_queries):
    for _ in range(count):
        StillFactory(film=film_with_facts())

    with django_assert_num_queries(1):
        films = list(Film.objects.with_facts().with_card())
        printed = [
            (film.country_names, film.language_names, film.genre_names, film.directors, film.card_still.alt, str(film))
            for film in films
        ]

    assert len(printed) == count


def test_director_is_printed_as_this_film_credits_them():
    film = FilmFactory()
    CreditFactory(
        film=film, person=PersonFactory(name="Lana Wachowski"), role=Role.DIRECTOR, credited_as="The Wachowskis"
    )

    assert film.directors == [{"name": "The Wachowskis", "slug": "lana-wachowski"}]


def test_card_shows_the_first_still_that_is_fit_and_prefers_stills_to_posters():
    film = FilmFactory()
    StillFactory(film=film, role=StillRole.POSTER, position=0, alt="A poster.")
    StillFactory(film=film, position=1, alt="")
    chosen = StillFactory(film=film, position=2, alt="A field.")
    StillFactory(film=film, position=3, alt="A house.")

    still = Film.objects.with_card().get().card_still

    assert (still, still.alt, still.film_id) == (chosen, "A field.", film.pk)
    assert (still.width, still.height, still.image.url) == (640, 360, chosen.image.url)


def test_decorative_picture_needs_no_alternative_text():
    film = FilmFactory()
    StillFactory(film=film, alt="", is_decorative=True)

    assert film.card_still is not None


def test_focal_point_outside_the_picture_is_refused():
    still = StillFactory()
    still.focal_x = 101

    assert "focal_x" in complaints(still)
    refused(still.save)


def test_credits_are_listed_by_role_and_billing_in_one_query(django_assert_num_queries):
    film = FilmFactory()
    for role, position, name in (
        (Role.ACTOR, 2, "Second"),
        (Role.ACTOR, 1, "First"),
        (Role.COMPOSER, 1, "Composer"),
        (Role.DIRECTOR, 1, "Director"),
        (Role.WRITER, 1, "Writer"),
    ):
        CreditFactory(film=film, person=PersonFactory(name=name), role=role, position=position)

    with django_assert_num_queries(1):
        listed = [(role.label, [credit.printed_name for credit in group]) for role, group in film.credits_by_role()]

    assert listed == [
        ("Director", ["Director"]),
        ("Writer", ["Writer"]),
        ("Composer", ["Composer"]),
        ("Actor", ["First", "Second"]),
    ]


def test_film_is_written_with_its_year_if_that_is_known():
    assert (str(Film(title="M", year=1931)), str(Film(title="M"))) == ("M (1931)", "M")


# --- Order of an index


@pytest.mark.parametrize(
    ("title", "filed_under"),
    [
        ("The Godfather", "godfather"),
        ("A", "a"),
        ("L'Avventura", "avventura"),
        ("L’Avventura", "avventura"),
        ("Les Enfants", "enfants"),
        ("Éloge de l'amour", "eloge de lamour"),
        ("…And Justice for All", "and justice for all"),
        ("Theeb", "theeb"),
        ("$", "dollar sign"),
    ],
)
def test_title_is_filed_without_article_accents_and_signs(title, filed_under):
    assert sort_title_from(title) == filed_under


def test_films_are_listed_by_filed_title_then_year():
    for title, year in (("M", 1951), ("The Act of Killing", 2012), ("M", 1931), ("Zodiac", 2007)):
        FilmFactory(title=title, year=year)

    assert [str(film) for film in Film.objects.by_title()] == [
        "The Act of Killing (2012)",
        "M (1931)",
        "M (1951)",
        "Zodiac (2007)",
    ]


# --- The title card of a film without pictures


@pytest.mark.parametrize(
    ("year", "era"),
    [
        (1895, "silent"),
        (1929, "silent"),
        (1930, "studio"),
        (1960, "wave"),
        (1999, "tape"),
        (2000, "digital"),
        (None, "digital"),
    ],
)
def test_title_card_is_composed_by_era(year, era):
    assert f"tc-{era} " in Film(title="M", slug="m", year=year).title_card_classes


def test_title_card_has_the_editors_tone_or_one_that_stays_the_same():
    assert Film(title="M", slug="m-1931", card_tone=4).tone == 4
    assert Film(title="M", slug="m-1931", colour="bw").tone == 6
    tones = {Film(title="M", slug=f"m-{year}").tone for year in range(1900, 1960)}
    assert tones == set(range(1, 9))
    assert Film(title="M", slug="m-1931").title_card_classes == Film(title="M", slug="m-1931").title_card_classes


@pytest.mark.parametrize(
    ("letters", "size"), [(1, "s"), (10, "s"), (11, "m"), (18, "m"), (19, "l"), (32, "l"), (33, "xl")]
)
def test_title_card_sets_long_titles_smaller(letters, size):
    assert length_class("x" * letters) == size
    assert Film(title="x" * letters, slug="x").title_card_classes.endswith(f"len-{size}")


@pytest.mark.parametrize(("ratio", "css"), [("1.37", "ar-137"), ("2.39", "ar-239"), ("", "ar-185")])
def test_shape_of_the_picture_is_a_class(ratio, css):
    assert Film(title="M", aspect_ratio=ratio).ratio_class == css


def test_genres_whose_names_fold_alike_get_addresses_of_their_own():
    genres = [Genre.objects.create(name=name) for name in ("Action-Adventure", "Action & Adventure")]

    assert [genre.slug for genre in genres] == ["action-adventure", "action-adventure-2"]


def test_still_takes_the_file_of_a_real_upload():
    still = StillFactory.build(film=FilmFactory())
    still.take(picture_file(1600, 900, "a.png", kind="PNG"))
    still.save()

    assert (still.width, still.height) == (1600, 900)
    assert still.image.name.startswith("stills/")
