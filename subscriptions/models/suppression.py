from collections.abc import Iterable
from datetime import datetime

from django.db import models
from django.db.models import Q

from subscriptions.addresses import fingerprint_of


class Suppression(models.Model):
    """An address that gets no mail, whoever enters it again: kept as a keyed hash, so that it outlives erasure."""

    class Why(models.TextChoices):
        BOUNCED = "bounced", "Does not work"
        COMPLAINED = "complained", "Reported our mail as unwanted"
        ASKED = "asked", "Asked never to be written to"

    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    why = models.CharField(max_length=10, choices=Why)
    since = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True, help_text="What the other side said, without the address.")

    class Meta:
        ordering = ["-since", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(why__in=["bounced", "complained", "asked"]), name="subscriptions_suppression_why"
            )
        ]

    def __str__(self):
        return f"{self.get_why_display()}, {self.since:%Y-%m-%d}"


class Departure(models.Model):
    """An address that no imported list brings back: its reader left and was forgotten, moved to another, or had left
    where a list came from. A keyed hash as above. Only importing asks for it, and it goes when the reader signs up."""

    fingerprint = models.CharField(max_length=64, unique=True, editable=False)
    since = models.DateTimeField()

    class Meta:
        ordering = ["-since", "-pk"]

    def __str__(self):
        return f"Left, {self.since:%Y-%m-%d}"

    @classmethod
    def note(cls, keys: Iterable[str], now: datetime) -> None:
        """Remember those who left, by their addresses as key_of() gives them; who is remembered already stays so."""
        gone = [cls(fingerprint=fingerprint_of(key), since=now) for key in keys]
        cls.objects.bulk_create(gone, ignore_conflicts=True)


class BounceReport(models.Model):
    """One report that came back, counted once however often it is delivered."""

    class Kind(models.TextChoices):
        HARD = "hard", "Address does not work"
        SOFT = "soft", "Temporary"
        COMPLAINT = "complaint", "Reported as unwanted"
        OURS = "ours", "Refused because of us"

    subscriber = models.ForeignKey(
        "subscriptions.Subscriber", models.CASCADE, null=True, blank=True, related_name="bounce_reports"
    )
    delivery = models.ForeignKey(
        "subscriptions.Delivery", models.SET_NULL, null=True, blank=True, related_name="bounce_reports"
    )
    kind = models.CharField(max_length=9, choices=Kind)
    status = models.CharField(max_length=12, blank=True, help_text="RFC 3463 status, for example 5.1.1.")
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()
    identity = models.CharField(max_length=64, unique=True, help_text="Hash of what identifies the report.")

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self):
        return f"{self.get_kind_display()} {self.status}".strip()
