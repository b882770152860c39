from django.db import models
from django.db.models import Q

from subscriptions.models.mailing import Mailing
from subscriptions.models.subscriber import Subscriber


class Delivery(models.Model):
    """One mailing to one subscriber: unique in the database, and never deleted while the mailing stands.

    queued → claimed → sending → accepted, failed or unknown; or excluded, when the reader left meanwhile.
    A row is `sending` from before MAIL FROM until the server's answer to the final dot is committed: what is found
    so after its worker died is `unknown`. Each worker has at most one such row for each of its connections."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        CLAIMED = "claimed", "Taken by a worker"
        SENDING = "sending", "Being handed over"
        ACCEPTED = "accepted", "Accepted"
        FAILED = "failed", "Failed"
        UNKNOWN = "unknown", "Unknown"
        EXCLUDED = "excluded", "Left out"

    mailing = models.ForeignKey(Mailing, models.CASCADE, related_name="deliveries")
    subscriber = models.ForeignKey(Subscriber, models.SET_NULL, null=True, related_name="deliveries")
    state = models.CharField(max_length=8, choices=State, default=State.QUEUED)
    reasons = models.JSONField(
        default=list, blank=True, help_text="Why this reader gets it, and of a digest: which reviews."
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=36, blank=True)
    changed_at = models.DateTimeField(auto_now_add=True)
    answer = models.CharField(max_length=200, blank=True, help_text="What the mail server said, without the address.")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["mailing", "subscriber"], name="subscriptions_delivery_once"),
            models.CheckConstraint(
                condition=Q(state__in=["queued", "claimed", "sending", "accepted", "failed", "unknown", "excluded"]),
                name="subscriptions_delivery_state",
            ),
        ]
        indexes = [
            models.Index(fields=["mailing", "state", "id"], name="subscriptions_delivery_next"),
            models.Index(
                fields=["worker", "state"],
                condition=Q(state__in=["claimed", "sending"]),
                name="subscriptions_in_hand",
            ),
        ]

    def __str__(self):
        return f"{self.mailing}: {self.get_state_display()}"
