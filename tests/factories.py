"""Valid minimums, without surprises: a test states what matters to it."""

import io
from datetime import timedelta

import factory
from django.core.files.base import ContentFile
from django.utils import timezone
from factory.django import DjangoModelFactory
from PIL import Image

from films.models import Credit, Film, FilmCountry, Role, Still
from people.models import Person
from reviews.models import Author, Capsule, CriticQuote, Review, ReviewByline, State
from subscriptions.addresses import key_of
from subscriptions.models import SignUp, Subscriber


def picture_file(width=640, height=360, name="picture.jpg", colour=(120, 30, 60), kind="JPEG"):
    """A real picture file, as somebody would upload it."""
    data = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(data, kind)
    return ContentFile(data.getvalue(), name=name)


class PersonFactory(DjangoModelFactory):
    class Meta:
        model = Person

    name = factory.Sequence(lambda n: f"Person {n}")


class FilmFactory(DjangoModelFactory):
    class Meta:
        model = Film
        skip_postgeneration_save = True

    title = factory.Sequence(lambda n: f"Film {n}")
    year = 1999
    synopsis = "Somebody arrives, somebody leaves."

    @factory.post_generation
    def directors(film, create, people):
        for place, person in enumerate(people or [], 1):
            CreditFactory(film=film, person=person, role=Role.DIRECTOR, position=place)

    @factory.post_generation
    def countries(film, create, codes):
        for place, code in enumerate(codes or [], 1):
            FilmCountry.objects.create(film=film, country=code, position=place)


class CreditFactory(DjangoModelFactory):
    class Meta:
        model = Credit

    film = factory.SubFactory(FilmFactory)
    person = factory.SubFactory(PersonFactory)
    role = Role.ACTOR
    position = 1


class StillFactory(DjangoModelFactory):
    class Meta:
        model = Still

    film = factory.SubFactory(FilmFactory)
    alt = "A field under snow."
    credit = "Drawn for the tests"
    image = factory.LazyFunction(picture_file)


class AuthorFactory(DjangoModelFactory):
    class Meta:
        model = Author

    name = factory.Sequence(lambda n: f"Author {n}")


class ReviewFactory(DjangoModelFactory):
    """A review that is complete and public since yesterday; give `state` or `published_at` for another."""

    class Meta:
        model = Review
        skip_postgeneration_save = True

    film = factory.SubFactory(FilmFactory)
    standfirst = "One sentence to underline."
    body = "<p>Our view.</p>"
    state = State.PUBLISHED
    published_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))

    @factory.post_generation
    def authors(review, create, authors):
        for place, author in enumerate([AuthorFactory()] if authors is None else authors, 1):
            ReviewByline.objects.create(review=review, author=author, position=place)

    @factory.post_generation
    def tag_names(review, create, names):
        if names:
            review.tags.set(names)


class DraftFactory(ReviewFactory):
    """A review nobody but the editors may see."""

    state = State.DRAFT
    published_at = None


class CapsuleFactory(DjangoModelFactory):
    class Meta:
        model = Capsule

    film = factory.SubFactory(FilmFactory)
    author = factory.SubFactory(AuthorFactory)
    body = "<p>Short and signed.</p>"


class CriticQuoteFactory(DjangoModelFactory):
    class Meta:
        model = CriticQuote

    film = factory.SubFactory(FilmFactory)
    quote = factory.Sequence(lambda n: f"A film with {n} endings.")
    critic = "Ada Placeholder"
    publication = "The Sample Gazette"


class SubscriberFactory(DjangoModelFactory):
    """A reader who gets every review since yesterday."""

    class Meta:
        model = Subscriber

    address = factory.Sequence(lambda n: f"reader{n}@example.org")
    confirmed_at = factory.LazyFunction(lambda: timezone.now() - timedelta(days=1))


class LeftSubscriberFactory(SubscriberFactory):
    """A reader who left an hour ago."""

    state = Subscriber.State.LEFT
    left_at = factory.LazyFunction(lambda: timezone.now() - timedelta(hours=1))
    ended = Subscriber.Ended.READER


class SignUpFactory(DjangoModelFactory):
    """Somebody typed an address a moment ago; the mail is not written yet."""

    class Meta:
        model = SignUp

    address = factory.Sequence(lambda n: f"newcomer{n}@example.org")
    key = factory.LazyAttribute(lambda signup: key_of(signup.address))
    asked_at = factory.LazyFunction(timezone.now)
    secret = factory.Sequence(lambda n: f"{n:064x}")
    network = "192.0.2.7"
    page = "/reviews/solaris/"
