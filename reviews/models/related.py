from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q

from reviews.models.review import Review


class RelatedChoice(models.Model):
    """An editor's word on what a review recommends: this one always, or this one never.

    Everything else that is recommended is found from the data (reviews/related.py)."""

    class Choice(models.TextChoices):
        PIN = "pin", "Always show"
        BAR = "bar", "Never show"

    review = models.ForeignKey(Review, models.CASCADE, related_name="related_choices")
    other = models.ForeignKey(Review, models.CASCADE, verbose_name="recommended review", related_name="+")
    choice = models.CharField(max_length=3, choices=Choice, default=Choice.PIN)
    reason = models.CharField(
        max_length=80,
        blank=True,
        help_text="Printed beside it, for example “the same winter, the other side”. Left empty, what the two share is printed.",
    )
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = "related review"
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["review", "other"],
                name="reviews_relatedchoice_once",
                violation_error_message="This review stands there already.",
            ),
            models.CheckConstraint(
                condition=~Q(review=F("other")),
                name="reviews_relatedchoice_another",
                violation_error_message="A review cannot recommend itself.",
            ),
            models.CheckConstraint(condition=Q(choice__in=["pin", "bar"]), name="reviews_relatedchoice_known"),
        ]

    def __str__(self):
        return f"{self.get_choice_display()}: {self.other}"

    def clean(self):
        super().clean()
        if self.review_id and self.review_id == self.other_id:
            raise ValidationError({"other": "A review cannot recommend itself."})
