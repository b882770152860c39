from django.db import models

from reviews.models.review import Review

PUBLICATION_CARDS = "cards/publication/"


class SocialCardQuerySet(models.QuerySet):
    def of_publication(self):
        """The card of the publication itself, which stands for every page that has no picture of its own."""
        return self.filter(review=None, image__startswith=PUBLICATION_CARDS)


class SocialCard(models.Model):
    """The picture that stands for a review, or for the publication, where an address is shared. The worker makes it
    (reviews/cards.py)."""

    # A review that is deleted leaves the row behind, so that the sweep knows of the file.
    review = models.OneToOneField(Review, models.SET_NULL, null=True, editable=False, related_name="social_card")
    image = models.FileField(editable=False)
    made_for = models.CharField(max_length=32, editable=False, help_text="Hash of everything that is drawn on it.")
    made_at = models.DateTimeField(editable=False)

    objects = SocialCardQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]

    def __str__(self):
        return self.image.name
