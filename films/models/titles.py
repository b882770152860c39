from django.db import models

from config.languages import LANGUAGE_CODE
from films.models.film import Film


class FilmTitle(models.Model):
    """Another title of a film: of its release elsewhere, in another script, a former one."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="other_titles")
    title = models.CharField(max_length=300)
    language = models.CharField(
        max_length=12,
        blank=True,
        validators=[LANGUAGE_CODE],
        help_text="Code of the language it is in, for example fr; empty if it is the publication’s own.",
    )

    class Meta:
        verbose_name = "other title"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["film", "title"],
                name="films_filmtitle_once",
                violation_error_message="The film already has this title.",
            ),
            models.CheckConstraint(condition=~models.Q(title=""), name="films_filmtitle_not_empty"),
        ]

    def __str__(self):
        return self.title
