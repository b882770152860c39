from dataclasses import dataclass

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse

from config.images import Picture
from config.richtext import SHORT, RichTextField
from config.slugs import Addressed, FormerSlug
from films.models import Film
from people.models import Person
from reviews.models.links import Link, LinkLinesField, read_links


@dataclass(frozen=True)
class Favourite:
    """One line of "More about": what it is, whom or what it names, and where that leads (empty if nowhere)."""

    label: str
    name: str
    url: str = ""


class AuthorQuerySet(models.QuerySet):
    def with_favourites(self):
        """Adds portrait and favourites, which the panel on every review prints."""
        return self.select_related("portrait", "favourite_film", "favourite_director", "guilty_pleasure")


class Author(Addressed):
    """A critic of the publication, with or without an account; those who left keep their pages."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="author",
        verbose_name="account",
        help_text="Whoever signs in with this account writes as this author.",
    )
    name = models.CharField(max_length=120)
    bio = RichTextField("biography", extensions=SHORT, blank=True, help_text="Two sentences are enough.")
    favourite_film = models.ForeignKey(Film, models.SET_NULL, null=True, blank=True, related_name="+")
    favourite_film_text = models.CharField("or in words", max_length=120, blank=True)
    favourite_director = models.ForeignKey(Person, models.SET_NULL, null=True, blank=True, related_name="+")
    favourite_director_text = models.CharField("or in words", max_length=120, blank=True)
    guilty_pleasure = models.ForeignKey(Film, models.SET_NULL, null=True, blank=True, related_name="+")
    guilty_pleasure_text = models.CharField("or in words", max_length=120, blank=True)
    links = LinkLinesField(blank=True)
    has_left = models.BooleanField(
        default=False,
        help_text="No longer writes here. The author’s page and reviews stay.",
    )

    objects = AuthorQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="reviews_author_has_name"),
            *(
                models.CheckConstraint(
                    condition=Q(**{f"{field}__isnull": True}) | Q(**{f"{field}_text": ""}),
                    name=f"reviews_author_one_{field}",
                    violation_error_message=f"Choose the {field.replace('_', ' ')} from the list or write it in words, not both.",
                )
                for field in ("favourite_film", "favourite_director", "guilty_pleasure")
            ),
        ]

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return reverse("authors:detail", args=[self.slug])

    def slug_source(self):
        return self.name

    def read_links(self) -> list[Link]:
        """The author's links as the page prints them."""
        return read_links(self.links)

    def favourites(self) -> list[Favourite]:
        """Favourite film, favourite director and guilty pleasure, as far as the author told."""
        return [
            Favourite(
                label,
                chosen.name if isinstance(chosen, Person) else chosen.title,
                chosen.get_absolute_url(),
            )
            if chosen
            else Favourite(label, words)
            for label, chosen, words in (
                ("Favourite film", self.favourite_film, self.favourite_film_text),
                (
                    "Favourite director",
                    self.favourite_director,
                    self.favourite_director_text,
                ),
                ("Guilty pleasure", self.guilty_pleasure, self.guilty_pleasure_text),
            )
            if chosen or words
        ]


class FormerAuthorSlug(FormerSlug):
    target = models.ForeignKey(Author, models.CASCADE, related_name="former_slugs")


Author.former_slug_model = FormerAuthorSlug


class AuthorPortrait(Picture):
    """The picture of an author."""

    author = models.OneToOneField(Author, models.CASCADE, related_name="portrait")
    folder = "authors"

    def __str__(self):
        return f"Portrait of {self.author.name}"

    def clean(self):
        super().clean()
        if self.image and not self.credit:
            raise ValidationError({"credit": "Say who made the portrait."})
