import uuid

from django.db import models
from django.db.models import Q


class SendingPermit(models.Model):
    """Which copy of this database may send letters: exactly one row.

    The same two values stand in a file beside the database (subscriptions/permit.py). A database restored from a
    backup has a lower number than the file, a copy on another machine has no file: both send nothing until a person
    says so."""

    site = models.CharField(max_length=36, help_text="A random name of this site.")
    number = models.PositiveBigIntegerField(default=0, help_text="Counts up with every mailing that starts.")
    digests_until = models.DateTimeField(null=True, blank=True, help_text="Hours up to here have had their digests.")
    held_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="subscriptions_permit_only_one")]

    def __str__(self):
        return "Sending permit"

    @classmethod
    def current(cls) -> "SendingPermit":
        """The one row."""
        return cls.objects.get_or_create(pk=1, defaults={"site": str(uuid.uuid4())})[0]
