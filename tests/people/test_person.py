"""People: names, years, namesakes."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from config.slugs import get_or_redirect
from people.models import Person, PersonName, Portrait, sort_name_from
from tests.factories import PersonFactory, picture_file


def refused(action, *args, **kwargs):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        action(*args, **kwargs)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "filed_under"),
    [
        ("Claire Denis", "Denis, Claire"),
        ("Lars von Trier", "Trier, Lars von"),
        ("Florian Henckel von Donnersmarck", "Donnersmarck, Florian Henckel von"),
        ("Haifaa al-Mansour", "Mansour, Haifaa al-"),
        ("Robert Downey Sr.", "Downey, Robert, Sr."),
        ("Charles Rosher Jr.", "Rosher, Charles, Jr."),
        ("Eva Marie Saint", "Saint, Eva Marie"),
        ("Edward St. John", "St. John, Edward"),
        ("Paul W. S. Anderson", "Anderson, Paul W. S."),
        ("Éric Rohmer", "Rohmer, Éric"),
        ("Kajol", "Kajol"),
        ("黒澤 明", "黒澤 明"),
        ("宮崎駿", "宮崎駿"),
        ("Андрей Тарковский", "Андрей Тарковский"),
        ("Malcolm X", "X, Malcolm"),
        ("Sammy Davis Jr", "Davis, Sammy, Jr"),
    ],
)
def test_index_files_a_person_under_the_family_name(name, filed_under):
    assert sort_name_from(name) == filed_under


@pytest.mark.django_db
def test_sort_name_an_editor_wrote_is_kept():
    assert PersonFactory(name="Wong Kar-wai", sort_name="Wong, Kar-wai").sort_name == "Wong, Kar-wai"
    assert PersonFactory(name="Claire Denis").sort_name == "Denis, Claire"


@pytest.mark.django_db
def test_guessed_sort_name_follows_a_corrected_name_and_a_written_one_does_not():
    guessed, written = PersonFactory(name="Clair Dennis"), PersonFactory(name="Kar-wai Wong", sort_name="Wong Kar-wai")

    for person, name in ((guessed, "Claire Denis"), (written, "Wong Kar-wai")):
        person.name = name
        person.save()

    assert guessed.sort_name == "Denis, Claire"
    assert written.sort_name == "Wong Kar-wai"


@pytest.mark.parametrize(
    ("born", "died", "years"),
    [
        (1898, 1970, "1898–1970"),
        (1962, None, "born 1962"),
        (None, 1931, "died 1931"),
        (None, None, ""),
    ],
)
def test_years_are_told_as_far_as_known(born, died, years):
    person = Person(name="Somebody", birth_year=born, death_year=died)

    assert person.years == years
    assert str(person) == (f"Somebody ({years})" if years else "Somebody")


@pytest.mark.django_db
def test_people_of_one_name_stay_apart():
    elder = PersonFactory(name="Harrison Ford", birth_year=1884, death_year=1957)
    younger = PersonFactory(name="Harrison Ford", birth_year=1942)

    assert (elder.slug, younger.slug) == ("harrison-ford", "harrison-ford-2")
    assert [str(person) for person in Person.objects.by_name()] == [
        "Harrison Ford (1884–1957)",
        "Harrison Ford (born 1942)",
    ]


@pytest.mark.django_db
def test_changed_name_keeps_the_old_address_leading_to_the_person():
    person = PersonFactory(name="Larry Wachowski")
    person.name = "Lana Wachowski"

    person.save()

    _, redirect = get_or_redirect(Person.objects, "larry-wachowski")
    assert redirect["Location"] == "/people/lana-wachowski/"


@pytest.mark.django_db
def test_nobody_dies_before_birth():
    person = Person(name="Somebody", slug="somebody", birth_year=1970, death_year=1969)

    with pytest.raises(ValidationError, match="The year of death lies before the year of birth"):
        person.full_clean()
    assert "dies_after_birth" in refused(person.save)


@pytest.mark.django_db
@pytest.mark.parametrize(("fact", "year"), [("birth_year", 42), ("birth_year", 2101), ("death_year", 1799)])
def test_impossible_year_is_refused_by_the_form(fact, year):
    with pytest.raises(ValidationError) as caught:
        Person(name="Somebody", slug="somebody", **{fact: year}).full_clean()

    assert list(caught.value.message_dict) == [fact]


@pytest.mark.django_db
@pytest.mark.parametrize("fact", ["name", "slug"])
def test_person_without_name_or_address_is_refused_by_the_database(fact):
    person = PersonFactory()

    assert f"has_{fact}" in refused(Person.objects.filter(pk=person.pk).update, **{fact: ""})


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [("imdb_id", "nm0000041", "tt0000041"), ("wikidata_id", "Q25191", "q25191"), ("tmdb_id", 7, -1)],
)
def test_external_id_is_checked_unique_when_present_and_absent_for_many(name, good, bad):
    PersonFactory(**{name: None})
    PersonFactory(**{name: None if name == "tmdb_id" else ""})
    known = PersonFactory(**{name: good})

    assert Person.objects.filter(**{f"{name}__isnull": True}).count() == 2
    with pytest.raises(ValidationError) as caught:
        Person(name="Somebody", slug="x", **{name: bad}).full_clean()
    assert list(caught.value.message_dict) == [name]
    refused(Person.objects.exclude(pk=known.pk).update, **{name: good})


@pytest.mark.django_db
def test_person_has_names_in_other_scripts_each_once():
    person = PersonFactory(name="Wong Kar-wai")
    PersonName.objects.create(person=person, name="王家衛", language="zh-Hant")
    PersonName.objects.create(person=person, name="Kar-Wai Wong")

    assert [str(name) for name in person.other_names.all()] == ["王家衛", "Kar-Wai Wong"]
    refused(PersonName.objects.create, person=person, name="王家衛")
    with pytest.raises(ValidationError):
        PersonName(person=person, name="X", language="Chinese!").full_clean()


@pytest.mark.django_db
def test_biography_is_sanitised_however_it_is_saved():
    person = PersonFactory(bio='<p onclick="x()">Born <script>alert(1)</script><em>late</em>.</p><h2>No</h2>')

    person.refresh_from_db()
    assert person.bio == "<p>Born <em>late</em>.</p>No"


@pytest.mark.django_db
def test_portrait_needs_its_rights_line():
    portrait = Portrait(person=PersonFactory(name="Claire Denis"), image=picture_file())

    with pytest.raises(ValidationError, match="by what right"):
        portrait.full_clean()
    portrait.credit = "Drawn for the tests"
    portrait.full_clean()
    assert str(portrait) == "Portrait of Claire Denis"
