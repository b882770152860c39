from django.core.exceptions import ValidationError
from django.db import models

from config.languages import (
    country_choices,
    country_name,
    language_choices,
    language_name,
)
from config.slugs import SlugField, free_slug
from films.models.film import Film


class Genre(models.Model):
    """A genre in the publication's own words."""

    name = models.CharField(max_length=80, unique=True)
    slug = SlugField("address")

    class Meta:
        ordering = ["name"]

    def __str__(self):
        return self.name

    def save(self, *args, **kwargs):
        self.slug = self.slug or free_slug(Genre, self.name, but=self.pk)
        super().save(*args, **kwargs)


class FilmCountry(models.Model):
    """A country that produced a film, in the order of the credits."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="film_countries")
    country = models.CharField(max_length=2, help_text="ISO 3166-1 code.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "country"
        verbose_name_plural = "countries"
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["film", "country"], name="films_filmcountry_once")]
        indexes = [models.Index(fields=["country", "film"], name="films_filmcountry_films")]

    def __str__(self):
        return country_name(self.country)

    def clean(self):
        if self.country and self.country not in dict(country_choices()):
            raise ValidationError({"country": f"“{self.country}” is not the code of a country."})


class FilmLanguage(models.Model):
    """A language spoken in a film, in order of weight."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="film_languages")
    language = models.CharField(max_length=3, help_text="ISO 639 code.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "language"
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["film", "language"], name="films_filmlanguage_once")]
        indexes = [models.Index(fields=["language", "film"], name="films_filmlanguage_films")]

    def __str__(self):
        return language_name(self.language)

    def clean(self):
        if self.language and self.language not in dict(language_choices()):
            raise ValidationError({"language": f"“{self.language}” is not the code of a language."})


class Certificate(models.Model):
    """What a classification board said of a film."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="certificates")
    board = models.CharField(max_length=40, help_text="For example BBFC, FSK, MPA.")
    mark = models.CharField(max_length=20, help_text="For example 15, 12A, PG-13.")
    reason = models.CharField(
        max_length=200,
        blank=True,
        help_text="In the board’s words, for example “strong language, sexualised nudity”.",
    )

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["film", "board"], name="films_certificate_one_a_board")]

    def __str__(self):
        return f"{self.board} {self.mark}"


class WatchLink(models.Model):
    """Where a film can be seen, entered by an editor."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="watch_links")
    name = models.CharField(max_length=80, help_text="The cinema, service or shop.")
    url = models.URLField("address", max_length=500)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "where to watch"
        verbose_name_plural = "where to watch"
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["film", "url"], name="films_watchlink_once")]

    def __str__(self):
        return self.name
