"""Addresses: sane, unique, and kept when the words change."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.http import Http404
from hypothesis import assume, given
from hypothesis import strategies as st

from config import slugs
from config.slugs import SLUG_LENGTH, free_slugs, get_or_redirect, is_made_from, next_free, slug_from, validate_slug
from films.models import Film, FormerFilmSlug, Genre
from reviews.models import Page
from tests.factories import FilmFactory, PersonFactory

# --- From words to a slug


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("Amélie", "amelie"),
        ("Ame\N{COMBINING ACUTE ACCENT}lie", "amelie"),
        ("Kış Uykusu", "kis-uykusu"),
        ("İklimler", "iklimler"),
        ("Køb Øl, Łódź, Straße, Þór", "kob-ol-lodz-strasse-thor"),
        ("4 luni, 3 săptămâni și 2 zile", "4-luni-3-saptamani-si-2-zile"),
        ("Ocean’s 11", "oceans-11"),
        ("Fahrenheit 9/11", "fahrenheit-9-11"),
        ("Броненосец «Потёмкин»", "броненосец-потёмкин"),
        ("পথের পাঁচালী", "পথের-পাঁচালী"),
        ("بچه\u200cهای آسمان", "بچه-های-آسمان"),
        ("8½", "8-1-2"),
        ("½", "1-2"),
        ("$", "dollar-sign"),
        ("?!", "question-mark-exclamation-mark"),
        ("😀", "grinning-face"),
        ("  — …  ", "em-dash-horizontal-ellipsis"),
        ("\ufffd", "untitled"),
        (chr(0xD800), "untitled"),
        ("\x00", "untitled"),
        ("", "untitled"),
        ("¯", "macron"),
        ("ŉ", "n"),
    ],
)
def test_slug_of_words(text, slug):
    assert slug_from(text) == slug
    validate_slug(slug)


@given(st.text())
def test_slug_of_anything_is_stable_and_fits_an_address(text):
    slug = slug_from(text)

    assert slug_from(slug) == slug
    assert 0 < len(slug) <= SLUG_LENGTH
    assert all(char == "-" or unicodedata.category(char)[0] in "LMN" for char in slug)
    assert not slug.startswith("-")
    assert not slug.endswith("-")
    assert "--" not in slug
    validate_slug(slug)


@given(st.text(alphabet=st.characters(codec="latin-1")))
def test_slug_of_western_words_is_plain(text):
    assert slug_from(text).isascii() or not text.isascii()
    assume(any("a" <= char <= "z" for char in text))
    assert set(slug_from(text)) - {"µ", "μ"} <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_long_title_is_cut_between_words():
    slug = slug_from("night and the city " * 20)

    assert len(slug) <= SLUG_LENGTH
    assert set(slug.split("-")) == {"night", "and", "the", "city"}


def test_word_longer_than_a_slug_is_cut():
    assert slug_from("x" * 500) == "x" * SLUG_LENGTH


@given(st.text(alphabet="ab-", min_size=1, max_size=3), st.sets(st.integers(2, 9)), st.booleans())
def test_next_free_is_the_first_that_is_not_taken(base, numbers, base_is_taken):
    taken = {f"{base}-{number}" for number in numbers} | ({base} if base_is_taken else set())

    free = next_free(base, taken)

    assert free not in taken
    if not base_is_taken:
        assert free == base
    else:
        number = int(free.removeprefix(f"{base}-"))
        assert all(f"{base}-{smaller}" in taken for smaller in range(2, number))


@pytest.mark.parametrize(
    ("slug", "words", "made"),
    [("m-1931", "M 1931", True), ("m-1931-2", "M 1931", True), ("m", "M 1931", False), ("m-1931-b", "M 1931", False)],
)
def test_slug_made_from_words_is_told_from_one_that_was_written(slug, words, made):
    assert is_made_from(slug, words) is made


@pytest.mark.parametrize("slug", ["A", "a b", "a--b", "-a", "é", "a/b", "a\n", "–", "a\x00"])
def test_slug_that_cannot_stand_in_an_address_is_refused_with_one_that_can(slug):
    with pytest.raises(ValidationError, match="small letters, digits and hyphens only, for example “"):
        validate_slug(slug)


# --- Saving


@pytest.mark.django_db
def test_second_of_two_long_titles_has_a_valid_address():
    title = "The Assassination of Jesse James by the Coward Robert Ford " * 4
    FilmFactory(title=title)

    second = FilmFactory(title=title)

    second.full_clean()
    assert second.slug.endswith("-2")


@pytest.mark.django_db
def test_two_saves_that_want_the_same_address_both_succeed(monkeypatch):
    """Somebody takes the address between our look and our write."""
    found = slugs.free_slug
    others = [True]

    def look(model, source, **options):
        slug = found(model, source, **options)
        if others:
            others.pop()
            Film.objects.bulk_create([Film(title="Theirs", slug=slug, sort_title="theirs")])
        return slug

    monkeypatch.setattr(slugs, "free_slug", look)

    assert FilmFactory(title="M", year=1931).slug == "m-1931-2"


@pytest.mark.django_db
def test_address_an_editor_wrote_is_not_changed_when_it_is_taken():
    FilmFactory(slug="mine")

    with pytest.raises(IntegrityError):
        FilmFactory(slug="mine")


@pytest.mark.django_db
def test_failed_save_leaves_no_trace():
    film = FilmFactory(title="M", year=1931, imdb_id="tt0022100")
    other = FilmFactory(title="N", year=1931)
    other.title, other.imdb_id = "O", film.imdb_id

    with pytest.raises(IntegrityError):
        other.save()

    assert not FormerFilmSlug.objects.exists()
    assert Film.objects.get(pk=other.pk).slug == "n-1931"


@pytest.mark.django_db
@pytest.mark.parametrize(("model", "field"), [(Genre, "name"), (Page, "title")])
def test_records_without_former_addresses_are_numbered_as_well(model, field):
    records = [model.objects.create(**{field: name}) for name in ("Action-Adventure", "Action & Adventure", "300")]

    assert [record.slug for record in records] == ["action-adventure", "action-adventure-2", "300"]


@pytest.mark.django_db
def test_addresses_in_bulk_are_those_of_saving_one_by_one():
    names = ["Ann", "Ann", "Ann 2", "Bob", "Ánn", "Bob-2", "Bob", "!"]
    PersonFactory(name="Bob")
    moved = PersonFactory(name="Ann 3")
    moved.name = "Somebody else"
    moved.save()

    in_bulk = free_slugs(type(moved), names)

    assert in_bulk == [PersonFactory(name=name).slug for name in names]
    assert in_bulk == ["ann", "ann-2", "ann-2-2", "bob-2", "ann-4", "bob-2-2", "bob-3", "exclamation-mark"]


# --- Reading


@pytest.mark.django_db
@pytest.mark.parametrize(
    "slug", ["\x00", "a\x00b", "\ud800", "m-1931\udfff", "x" * 10_000, "千" * 10_000, "", "%00", "M-1931"]
)
def test_impossible_address_is_simply_not_found(slug):
    FilmFactory(title="M", year=1931)

    with pytest.raises(Http404):
        get_or_redirect(Film.objects, slug)


@pytest.mark.django_db
def test_decomposed_address_is_the_same_address():
    film = FilmFactory(title="Ёлки", year=None)

    assert get_or_redirect(Film.objects, unicodedata.normalize("NFD", film.slug)) == (film, None)


@pytest.mark.django_db
def test_former_address_of_a_record_out_of_sight_is_not_found():
    film = FilmFactory(title="M", year=1931)
    film.title = "N"
    film.save()

    with pytest.raises(Http404):
        get_or_redirect(Film.objects.exclude(pk=film.pk), "m-1931")


@pytest.mark.django_db
def test_former_address_leads_to_the_present_one_in_one_step():
    film = FilmFactory(title="One", year=None)
    for title in ("Two", "千"):
        film.title = title
        film.save()

    for slug in ("one", "two"):
        assert get_or_redirect(Film.objects, slug)[1]["Location"] == "/films/%E5%8D%83/"
