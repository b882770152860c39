"""The index is right after every change, however it is made, and at whatever moment a process dies."""

import io
import threading
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from taggit.models import Tag

from films.models import Credit, Film, FilmTitle
from people.models import Person, PersonName
from reviews.models import Author, Review, ReviewByline, State
from reviews.search import documents, index
from reviews.search.analysis import distance, keys_of, near, read_query, slips
from reviews.search.documents import Kind
from reviews.search.finding import search
from reviews.search.stemming import stem
from tests.factories import AuthorFactory, CreditFactory, DraftFactory, FilmFactory, PersonFactory, ReviewFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def review():
    film = FilmFactory(title="Sunrise", directors=[PersonFactory(name="Friedrich Murnau")])
    film.other_titles.create(title="L’Aurore", language="fr")
    review = ReviewFactory(film=film, authors=[AuthorFactory(name="Otto Splice")], tag_names=["lakes"])
    index.catch_up()
    return review


def finds(text, kind=Kind.REVIEW):
    return bool(search(read_query(text)).ids.get(kind))


CHANGES = {
    "saved": (lambda review: Review.objects.get().publish() or _save(review, headline="Newword"), Kind.REVIEW),
    "updated in bulk": (lambda review: Review.objects.update(standfirst="Newword."), Kind.REVIEW),
    "film renamed": (lambda review: Film.objects.update(title="Newword"), Kind.REVIEW),
    "film renamed, for the film": (lambda review: Film.objects.update(original_title="Newword"), Kind.FILM),
    "other title": (lambda review: review.film.other_titles.create(title="Newword"), Kind.FILM),
    "other title, for the review": (
        lambda review: FilmTitle.objects.bulk_create([FilmTitle(film=review.film, title="Newword")]), Kind.REVIEW
    ),
    "person renamed": (lambda review: Person.objects.update(name="Newword"), Kind.PERSON),
    "person renamed, for the film": (lambda review: Person.objects.update(name="Newword"), Kind.FILM),
    "person renamed, for the review": (lambda review: Person.objects.update(name="Newword"), Kind.REVIEW),
    "other name": (lambda review: PersonName.objects.create(person=Person.objects.get(), name="Newword"), Kind.PERSON),
    "other name, for the film": (
        lambda review: PersonName.objects.bulk_create([PersonName(person=Person.objects.get(), name="Newword")]), Kind.FILM
    ),
    "credited": (lambda review: CreditFactory(film=review.film, person=PersonFactory(name="Newword")), Kind.REVIEW),
    "credited as": (lambda review: Credit.objects.update(credited_as="Newword"), Kind.FILM),
    "tagged": (lambda review: review.tags.add("newword"), Kind.REVIEW),
    "tag renamed": (lambda review: Tag.objects.update(name="newword"), Kind.REVIEW),
    "tag renamed, for the tag": (lambda review: Tag.objects.update(name="newword"), Kind.TAG),
    "author renamed": (lambda review: Author.objects.update(name="Newword"), Kind.REVIEW),
    "signed": (lambda review: review.bylines.create(author=AuthorFactory(name="Newword")), Kind.REVIEW),
    "made in bulk": (
        lambda review: Film.objects.bulk_create([Film(title="Newword", slug="newword", sort_title="newword")]), Kind.FILM
    ),
    "by hand": (lambda review: connection.cursor().execute("UPDATE films_film SET title = 'Newword'"), Kind.FILM),
}  # fmt: skip


def _save(review, **values):
    for name, value in values.items():
        setattr(review, name, value)
    review.save()


@pytest.mark.parametrize(("change", "kind"), CHANGES.values(), ids=CHANGES)
def test_every_change_is_found_by_the_next_search(review, change, kind):
    assert not finds("newword", kind)

    change(review)

    assert finds("newword", kind)


LOSSES = {
    "review deleted": (lambda review: review.delete(), "sunrise", Kind.REVIEW),
    "review unpublished in bulk": (lambda review: Review.objects.update(state=State.DRAFT), "sunrise", Kind.REVIEW),
    "untagged": (lambda review: review.tags.clear(), "lakes", Kind.REVIEW),
    "no longer signed": (lambda review: ReviewByline.objects.all().delete(), "splice", Kind.REVIEW),
    "credit deleted": (lambda review: Credit.objects.all().delete(), "murnau", Kind.FILM),
    "credit moved": (lambda review: Credit.objects.update(person=PersonFactory()), "murnau", Kind.REVIEW),
    "renamed": (lambda review: Film.objects.update(title="Sunset"), "sunrise", Kind.FILM),
    "other title deleted": (lambda review: FilmTitle.objects.all().delete(), "aurore", Kind.FILM),
}


@pytest.mark.parametrize(("change", "word", "kind"), LOSSES.values(), ids=LOSSES)
def test_what_is_gone_is_no_longer_found(review, change, word, kind):
    assert finds(word, kind)

    change(review)

    assert not finds(word, kind)


def test_credit_moved_to_another_film_changes_both(review):
    other = FilmFactory(title="Nosferatu")
    Credit.objects.update(film=other)

    assert search(read_query("murnau")).ids[Kind.FILM] == [other.pk]


def test_drafts_have_no_words_in_the_index():
    DraftFactory(headline="Xylophone")

    assert list(documents.BUILDERS[Kind.REVIEW](list(Review.objects.values_list("pk", flat=True)))) == []


def test_synopsis_counts_once(review):
    Film.objects.update(synopsis="Barnacles.")

    (document,) = documents.BUILDERS[Kind.REVIEW]([review.pk])

    assert [text for text, _language in document.texts].count("Barnacles.") == 1


def test_all_tables_with_indexed_words_are_watched():
    read = {Author, Credit, Film, FilmTitle, Person, PersonName, Review, ReviewByline, Tag}
    read.add(apps.get_model("taggit.TaggedItem"))

    assert {model._meta.db_table for model in read} == set(documents.WATCHED)


def test_change_that_is_rolled_back_leaves_no_note(review):
    with pytest.raises(RuntimeError), transaction.atomic():
        Film.objects.update(title="Newword")
        raise RuntimeError

    assert not index.engine().is_behind()


def test_indexing_that_dies_half_way_is_done_again(review, monkeypatch):
    Film.objects.update(title="Newword")

    with monkeypatch.context() as patch:
        patch.setattr(index.engine(), "learn", lambda words: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            index.drain()

    assert index.engine().is_behind()
    assert finds("newword", Kind.FILM)


def test_search_leaves_a_long_import_to_the_worker(review):
    Film.objects.bulk_create(
        Film(title=f"Newword {number}", slug=f"n-{number}", sort_title="n") for number in range(500)
    )  # fmt: skip
    index.drain(10)

    assert finds("newword", Kind.FILM)
    assert index.index_changes() > 0
    assert not index.engine().is_behind()


def test_rebuild_repairs_a_damaged_index(review):
    with connection.cursor() as cursor:
        for table in ("search_name", "search_film", "search_review", "search_word"):
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("INSERT INTO search_name (kind, key, object_id) VALUES (5, 'ghost', 999999)")
    assert not finds("sunrise", Kind.FILM)
    output = io.StringIO()

    call_command("rebuild_search", stdout=output)

    assert output.getvalue() == "Indexed 1 reviews, 1 films, 1 people, 1 writers, 1 tags.\n"
    assert finds("sunrise", Kind.FILM)
    assert search(read_query("ghost")).total == 0


def test_watching_twice_is_no_harm_and_a_migration_indexes_anew(review):
    index.watch("default")
    assert not index.engine().is_behind()

    index.watch("default", plan=["something"])
    assert index.engine().is_behind()


@pytest.mark.django_db(transaction=True)
def test_search_never_waits_for_somebody_who_writes():
    FilmFactory(title="Nightfall")
    ready, done = threading.Event(), threading.Event()

    def hold():
        with index.engine().only_one(wait=True):
            ready.set()
            done.wait(20)
        connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert ready.wait(20)
        assert not finds("nightfall", Kind.FILM)  # at once, though not indexed yet
    finally:
        done.set()
        thread.join()
    assert finds("nightfall", Kind.FILM)


@pytest.mark.django_db(transaction=True)
def test_two_that_index_at_once_lose_nothing():
    for number in range(60):
        FilmFactory(title=f"Sunrise {number}")
    faults = []

    def work():
        try:
            while index.drain(7):
                pass
        except Exception as error:
            faults.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert faults == []
    assert len(search(read_query("sunrise")).ids[Kind.FILM]) == 60


@pytest.mark.django_db(transaction=True)
def test_migration_can_be_undone_and_done_again():
    call_command("migrate", "reviews", "0002", verbosity=0)
    try:
        Film.objects.create(title="Sunrise")  # nothing notes it, and nothing fails
    finally:
        call_command("migrate", verbosity=0)

    index.catch_up()
    assert finds("sunrise", Kind.FILM)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("running", "run"), ("runs", "run"), ("cities", "citi"), ("city", "citi"), ("hopping", "hop"), ("filing", "file"),
        ("agreed", "agre"), ("relational", "relat"), ("triplicate", "triplic"), ("hopefulness", "hope"), ("adjustment", "adjust"),
        ("adoption", "adopt"), ("controlling", "control"), ("rate", "rate"), ("cease", "ceas"), ("yesterday", "yesterdai"), ("is", "is"),
        ("fuss", "fuss"), ("caresses", "caress"), ("photographs", "photograph"), ("生きる", "生きる"), ("café", "café"),
    ],
)  # fmt: skip
def test_stems_are_porters(word, expected):
    assert stem(word) == expected


def test_stems_agree_with_those_of_sqlite():
    if connection.vendor != "sqlite":
        return
    text = f"{Path(__file__).read_text('utf-8')} {documents.__doc__}".lower()
    words = sorted({word for word in text.split() if word.isascii() and word.isalpha() and len(word) > 2})
    with connection.cursor() as cursor:
        cursor.execute("CREATE VIRTUAL TABLE temp.stems USING fts5(word, tokenize='porter ascii')")
        cursor.executemany("INSERT INTO temp.stems (rowid, word) VALUES (%s, %s)", list(enumerate(words)))
        cursor.execute("CREATE VIRTUAL TABLE temp.stem_terms USING fts5vocab(temp, stems, instance)")
        theirs = dict(cursor.execute("SELECT doc, term FROM temp.stem_terms").fetchall())
        cursor.execute("DROP TABLE temp.stem_terms")
        cursor.execute("DROP TABLE temp.stems")

    assert {word: stem(word) for word in words} == {word: theirs[place] for place, word in enumerate(words)}


def test_misspellings_share_a_key_with_the_word():
    for wrong, right in [("tarkosvky", "tarkovsky"), ("fasbinder", "fassbinder"), ("kaurismaeki", "kaurismaki")]:
        assert slips(wrong) & slips(right), wrong


def test_distance_counts_slips():
    assert [distance("abcd", other) for other in ("abcd", "abdc", "abc", "abcde", "xbcd", "badc", "")] == [
        0,
        1,
        1,
        1,
        1,
        2,
        4,
    ]
    assert list(near("solaris", ["polaris", "solarist", "solari"])) == ["solari", "solarist", "polaris"]
    assert near("tora", ["tara", "torra"]) == {"torra": 1}
    assert near("cousin", ["doussin", "cosin"]) == {"cosin": 1}
    assert near("abcd", ["wxyz"]) == {}


def test_keys_of_a_name_are_its_words_and_its_letters():
    assert keys_of("The Third Man") == {"the third man", "third man", "·thethirdman", "·thirdman"}
    assert keys_of("Kar-wai") == {"kar wai", "karwai", "·karwai"}
    assert keys_of("The") == {"the", "·the"}
    assert keys_of("…") == {"·…"}
    assert keys_of(" ") == set()
