from decimal import Decimal

from django.db import models
from django.db.models import Q

from reviews.models.fields import RATINGS, RatingField, figure_of

MEANINGS = {
    Decimal("5"): "Among the best there are. See it, and later see it again.",
    Decimal("4.5"): "Very nearly that good.",
    Decimal("4"): "Worth going out of your way for.",
    Decimal("3.5"): "Good, and in places better than good.",
    Decimal("3"): "Worth an evening, with reservations.",
    Decimal("2.5"): "As much to regret as to like.",
    Decimal("2"): "A disappointment with something in it.",
    Decimal("1.5"): "Little to stay for.",
    Decimal("1"): "A failure.",
    Decimal("0.5"): "We stayed to the end so that you need not.",
}
"""What each figure means to a publication that has not said it in words of its own."""


class RatingMeaning(models.Model):
    """What one figure of the rating scale means here; the page that every rating links to prints them all."""

    rating = RatingField(unique=True)
    meaning = models.CharField(max_length=160, help_text="For example “See it this week, whatever else is on.”")

    class Meta:
        ordering = ["-rating"]
        constraints = [
            models.CheckConstraint(condition=Q(rating__in=RATINGS), name="reviews_ratingmeaning_in_halves"),
            models.CheckConstraint(condition=~Q(meaning=""), name="reviews_ratingmeaning_has_words"),
        ]

    def __str__(self):
        return f"{figure_of(self.rating)}: {self.meaning}"
