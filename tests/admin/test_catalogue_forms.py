"""Films, people, pictures and the smaller things, through their forms."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from films.models import Credit, Film, FilmCountry, Still
from reviews.models import Page, Publication
from tests.admin.conftest import errors, form_data
from tests.factories import AuthorFactory, CreditFactory, FilmFactory, PersonFactory, StillFactory, picture_file

pytestmark = pytest.mark.django_db
ADD_FILM = "/admin/films/film/add/"


@pytest.fixture
def desk(sign_in, editor):
    return sign_in(editor)


def change(record) -> str:
    return reverse(f"admin:{record._meta.app_label}_{record._meta.model_name}_change", args=[record.pk])


# --- Films


def test_a_film_needs_title_and_nothing_else(desk):
    response = desk.post(ADD_FILM, form_data(desk.get(ADD_FILM)) | {"title": "[REC]", "year": 2007})

    assert response.status_code == 302
    assert Film.objects.get().slug == "rec-2007"


def test_a_film_is_filed_by_the_language_it_speaks_or_as_the_editor_says(desk):
    typed = {"title": "Die Mucklas", "film_languages-0-language": "de"}
    desk.post(ADD_FILM, form_data(desk.get(ADD_FILM)) | typed)
    film = Film.objects.get()
    assert film.sort_title == "mucklas"

    desk.post(change(film), form_data(desk.get(change(film))) | {"filed_as": "Pettersson"})

    assert Film.objects.get().sort_title == "pettersson"


@pytest.mark.parametrize(
    ("year", "words"),
    [
        ("1066", "No film is older than 1888."),
        ("nineteen", "Enter a whole number."),
        ("30000", "This year lies too far ahead."),
    ],
)
def test_a_wrong_year_is_said_at_its_field_and_the_rest_stays(desk, year, words):
    typed = {"title": "M", "year": year, "synopsis": "A whistle.", "film_countries-0-country": "DE"}

    response = desk.post(ADD_FILM, form_data(desk.get(ADD_FILM)) | typed)

    assert errors(response) == {"year": [words]}
    assert response.context["adminform"].form["synopsis"].value() == "A whistle."
    assert '<option value="DE" selected>Germany</option>' in response.text


def test_the_same_title_and_year_is_warned_of_and_saved(desk):
    first = FilmFactory(title="M", year=1931)

    response = desk.post(ADD_FILM, form_data(desk.get(ADD_FILM)) | {"title": "m", "year": 1931}, follow=True)

    assert Film.objects.count() == 2
    warning = next(message for message in response.context["messages"] if message.level_tag == "warning")
    assert "There is another “m (1931)”" in str(warning)
    assert change(first) in str(warning)


def test_the_same_credit_twice_is_refused_at_the_person(desk):
    credit = CreditFactory(character="Herself")
    data = form_data(desk.get(change(credit.film))) | {
        "credits-1-person": credit.person_id,
        "credits-1-role": credit.role,
        "credits-1-character": "Herself",
    }

    response = desk.post(change(credit.film), data)

    assert errors(response)["credits-1-person"] == ["This person already has this credit on the film."]
    assert Credit.objects.count() == 1


def test_the_same_credit_as_one_added_meanwhile_is_refused_too(desk):
    film, person = FilmFactory(), PersonFactory()
    data = form_data(desk.get(change(film))) | {"credits-0-person": person.pk, "credits-0-role": "actor"}
    CreditFactory(film=film, person=person)

    response = desk.post(change(film), data)

    assert errors(response)["credits-0-person"] == ["This person already has this credit on the film."]


def test_billing_left_empty_takes_the_next_number_of_its_role(desk):
    film = FilmFactory()
    CreditFactory(film=film, role="actor", position=4)
    data = form_data(desk.get(change(film))) | {"credits-TOTAL_FORMS": 4}
    for row, role in ((1, "actor"), (2, "director"), (3, "actor")):
        data |= {f"credits-{row}-person": PersonFactory().pk, f"credits-{row}-role": role}

    desk.post(change(film), data)

    assert list(film.credits.order_by("pk").values_list("role", "position")) == [
        ("actor", 4),
        ("actor", 5),
        ("director", 1),
        ("actor", 6),
    ]


def test_a_code_nobody_knows_stays_when_something_else_is_saved(desk):
    film = FilmFactory()
    FilmCountry.objects.create(film=film, country="QX")

    response = desk.post(change(film), form_data(desk.get(change(film))) | {"runtime": 90})

    assert response.status_code == 302
    assert film.film_countries.get().country == "QX"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=wanda", ["Wanda"]),
        ("q=Loden", ["Wanda"]),
        ("q=spirited+away", ["Spirited Away"]),
        ("q=千と千尋", ["Spirited Away"]),
        ("q=amelie", ["Amélie"]),
        ("decade=1970", ["Wanda"]),
        ("decade=nonsense", ["Amélie", "Spirited Away", "Wanda"]),
        ("country=JP", ["Spirited Away"]),
        ("still=yes", ["Wanda"]),
        ("reviewed=no", ["Amélie", "Spirited Away", "Wanda"]),
    ],
)
def test_films_are_found(desk, query, found):
    loden = PersonFactory(name="Barbara Loden")
    wanda = FilmFactory(title="Wanda", year=1970, directors=[loden])
    CreditFactory(film=wanda, person=loden)
    StillFactory(film=wanda)
    FilmFactory(title="Spirited Away", original_title="千と千尋の神隠し", year=2001, slug="sen", countries=["JP"])
    FilmFactory(title="Amélie", year=2001)

    response = desk.get(f"{reverse('admin:films_film_changelist')}?{query}")

    assert [film.title for film in response.context["cl"].result_list] == found


def choices(client, model, field, term):
    app, name = model.split(".")
    question = {"app_label": app, "model_name": name, "field_name": field, "term": term}
    return [row["text"] for row in client.get(reverse("admin:autocomplete"), question).json()["results"]]


def test_remakes_and_namesakes_can_be_told_apart(desk):
    FilmFactory(title="M", year=1931)
    FilmFactory(title="M", year=1951)
    PersonFactory(name="Steve McQueen", birth_year=1930, death_year=1980)
    PersonFactory(name="Steve McQueen", birth_year=1969)

    assert choices(desk, "reviews.review", "film", "m") == ["M (1931)", "M (1951)"]
    assert choices(desk, "films.credit", "person", "mcqueen") == [
        "Steve McQueen (1930–1980)",
        "Steve McQueen (born 1969)",
    ]


def test_the_picture_window_shows_the_films_stills_only(desk):
    still, _other = StillFactory(alt="A field"), StillFactory(alt="A town")

    response = desk.get(reverse("admin:films_film_pictures"), {"film": still.film_id})

    assert list(response.context["stills"]) == [still]


# --- Pictures


def large_picture() -> bytes:
    data = io.BytesIO()
    Image.new("1", (20_000, 10_000)).save(data, "PNG")
    return data.getvalue()


REFUSED = {
    "200 megapixels": (large_picture, "This picture has too many pixels; the most is 50 million."),
    "a drawing": (lambda: b"<svg xmlns='http://www.w3.org/2000/svg'/>", "This file is not a picture we can read"),
    "a text": (lambda: b"Dear editor, " * 90, "This file is not a picture we can read"),
    "cut off": (lambda: picture_file(1600, 900).read()[:4000], "This picture file is damaged or cut off."),
    "too small": (lambda: picture_file(200, 100).read(), "This picture is 200 pixels wide; it must be at least 320."),
    "empty": (lambda: b"", "This file is empty. Choose the picture again."),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("place", ["film", "person", "author", "publication"])
def test_what_is_no_good_picture_is_refused_in_plain_words_and_the_rest_stays(desk, kind, place):
    make, words = REFUSED[kind]
    Publication.objects.get_or_create(pk=1)
    record, field, typed = {
        "film": (FilmFactory, "stills-0-image", "synopsis"),
        "person": (PersonFactory, "portrait-0-image", "sort_name"),
        "author": (AuthorFactory, "portrait-0-image", "links"),
        "publication": (lambda: Publication.objects.get(), "logo", "tagline"),
    }[place]
    page = change(record())
    data = form_data(desk.get(page)) | {typed: "Typed: https://typed.example/"}

    response = desk.post(page, data | {field: SimpleUploadedFile("still.jpg", make(), "image/jpeg")})

    (message,) = errors(response)[field]
    assert message.startswith(words)
    assert response.context["adminform"].form[typed].value() == "Typed: https://typed.example/"


def test_a_still_is_cleaned_named_by_its_content_and_numbered(desk):
    film = FilmFactory()
    data = form_data(desk.get(change(film))) | {
        "stills-0-image": SimpleUploadedFile("x" * 200 + ".jpg", picture_file().read(), "image/jpeg"),
        "stills-0-alt": "A field",
        "stills-0-focal_x": "20",
    }

    response = desk.post(change(film), data)

    still = Still.objects.get()
    assert response.status_code == 302
    assert (still.alt, still.focal_x, still.position, still.width) == ("A field", 20, 1, 640)
    assert still.image.name.startswith("stills/")


def test_a_logo_can_be_taken_away_again(desk):
    Publication.objects.create(pk=1)
    page = change(Publication.objects.get())
    desk.post(page, form_data(desk.get(page)) | {"logo": SimpleUploadedFile("l.png", picture_file().read())})
    assert Publication.objects.get().logo

    desk.post(page, form_data(desk.get(page)) | {"logo-clear": "on"})

    assert not Publication.objects.get().logo


def test_a_chosen_picture_lost_to_another_error_is_asked_for_again(desk):
    film = FilmFactory()
    data = form_data(desk.get(change(film))) | {"stills-0-image": picture_file(), "year": "1066"}

    response = desk.post(change(film), data)

    assert "Browsers do not keep chosen files" in response.text


# --- People and the smaller things


@pytest.mark.parametrize("query", ["varda", "Agnès", "ヴァルダ", "agnes"])
def test_people_are_found_by_every_name(desk, query):
    varda = PersonFactory(name="Agnès Varda", birth_year=1928, death_year=2019)
    varda.other_names.create(name="アニエス・ヴァルダ", language="ja")
    PersonFactory(name="Claire Denis")

    response = desk.get(reverse("admin:people_person_changelist"), {"q": query})

    assert list(response.context["cl"].result_list) == [varda]


def test_a_person_cannot_die_before_birth(desk):
    person = PersonFactory()

    response = desk.post(change(person), form_data(desk.get(change(person))) | {"birth_year": 1950, "death_year": 1940})

    assert errors(response) == {"__all__": ["The year of death lies before the year of birth."]}


def test_the_publication_is_one_form(desk):
    missing = desk.get("/admin/reviews/publication/")
    Publication.objects.create(pk=1)
    there = desk.get("/admin/reviews/publication/")

    assert missing.url == "/admin/reviews/publication/add/"
    assert there.url == "/admin/reviews/publication/1/change/"
    assert desk.get("/admin/reviews/publication/add/").status_code == 403
    assert desk.get("/admin/reviews/publication/1/delete/").status_code == 403


def test_a_page_cannot_take_the_place_of_a_part_of_the_site(desk):
    page = "/admin/reviews/page/add/"

    response = desk.post(page, form_data(desk.get(page)) | {"title": "Films"})

    assert errors(response) == {"slug": ["/films/ is a part of the site itself. Choose another address."]}
    assert not Page.objects.exists()


def test_an_author_chooses_a_favourite_from_the_list_or_says_it_in_words(desk, film):
    author = AuthorFactory()
    both = {"favourite_film": film.pk, "favourite_film_text": "Anything by Ozu"}

    response = desk.post(change(author), form_data(desk.get(change(author))) | both)

    assert errors(response) == {"__all__": ["Choose the favourite film from the list or write it in words, not both."]}


def test_only_the_owner_ties_an_account_to_an_author(desk, client, owner):
    author = AuthorFactory()

    as_editor = desk.get(change(author))
    client.force_login(owner)
    as_owner = client.get(change(author))

    assert "user" not in as_editor.context["adminform"].form.fields
    assert "user" in as_owner.context["adminform"].form.fields


def test_editors_do_not_meet_the_machinery(desk):
    response = desk.get(reverse("admin:index"))

    shown = {model["object_name"] for app in response.context["app_list"] for model in app["models"]}
    assert shown == {
        "Review",
        "Capsule",
        "CriticQuote",
        "Author",
        "Page",
        "Publication",
        "FrontPage",
        "Season",
        "RatingMeaning",
        "Film",
        "Genre",
        "Person",
        "Tag",
        "Mailing",
        "Subscriber",
        "SignUp",
        "Suppression",
    }
