from django.db import models
from django.db.models import Q


class ContentVersion(models.Model):
    """A number that grows with every change of what readers can see: exactly one row.

    Triggers of the database count (reviews/changes.py), so no way of writing goes unnoticed: forms, imports,
    bulk updates, a shell, SQL by hand."""

    number = models.BigIntegerField(default=0)
    archive = models.BigIntegerField(
        default=0,
        editable=False,
        help_text="The same for the tables alone that the archives in memory are made from.",
    )

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="reviews_contentversion_only_one")]

    def __str__(self):
        return str(self.number)
