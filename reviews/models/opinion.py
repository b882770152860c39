from django.db import models
from django.db.models import Q

from config.richtext import SHORT, RichTextField
from config.typography import set_quotation, set_text
from films.models import Film
from reviews.models.author import Author
from reviews.models.fields import RatingField, rating_in_range


class Capsule(models.Model):
    """A short signed paragraph on a film: on its page always, on shelves and in filmographies as long as there is no
    full review."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="capsules")
    author = models.ForeignKey(Author, models.PROTECT, related_name="capsules")
    body = RichTextField("capsule", extensions=SHORT, help_text="40 to 60 words.")
    rating = RatingField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["film__sort_title", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["film", "author"],
                name="reviews_capsule_one_an_author",
                violation_error_message="This author has written a capsule on this film already.",
            ),
            models.CheckConstraint(
                condition=rating_in_range("rating"),
                name="reviews_capsule_rating_in_halves",
                violation_error_message="A rating goes from 0.5 to 5 in halves.",
            ),
            models.CheckConstraint(condition=~Q(body=""), name="reviews_capsule_has_words"),
        ]

    def __str__(self):
        return f"{self.author} on {self.film}"


class CriticQuote(models.Model):
    """What another critic said of a film; every review of the film shows it."""

    film = models.ForeignKey(Film, models.CASCADE, related_name="critic_quotes")
    quote = models.CharField(
        max_length=400,
        help_text="Exactly as printed, at most 40 words. Leave the outer quotation marks out or in: the page sets them.",
    )
    critic = models.CharField(max_length=120, blank=True)
    publication = models.CharField(max_length=120)
    url = models.URLField("link", blank=True, max_length=500)
    date = models.DateField(null=True, blank=True, help_text="When it was printed, if known.")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        indexes = [models.Index(fields=["film", "position"], name="reviews_criticquote_of_film")]
        constraints = [
            models.CheckConstraint(condition=~Q(quote=""), name="reviews_criticquote_has_words"),
            models.UniqueConstraint(
                fields=["film", "quote"],
                name="reviews_criticquote_once",
                violation_error_message="This quote stands there already.",
            ),
        ]

    def __str__(self):
        return f"{self.critic or self.publication} on {self.film}"

    def clean(self):
        super().clean()
        self._set()

    def save(self, *args, **kwargs):
        self._set()
        super().save(*args, **kwargs)

    def _set(self):
        self.quote = set_quotation(self.quote)
        self.critic = set_text(self.critic)
        self.publication = set_text(self.publication)
