from datetime import timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from reviews.models import Review

OLD = timedelta(days=1)
"""What is older by so much is no news: it is not mailed, or not without a person's word."""


class Release(models.Model):
    """What an editor decided about mail when a review was published: exactly one decision a review, ever.

    A review without one (imported, back-dated, older than the newsletter) is never mailed."""

    class Choice(models.TextChoices):
        NOW = "now", "Send now"
        AT = "at", "Send at a time"
        DIGEST = "digest", "In the digest only"
        NONE = "none", "Do not send"

    review = models.OneToOneField(Review, models.CASCADE, related_name="release")
    choice = models.CharField(max_length=6, choices=Choice)
    send_at = models.DateTimeField(null=True, blank=True)
    decided_at = models.DateTimeField()
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    released_at = models.DateTimeField(
        null=True,
        editable=False,
        help_text="When the review was first seen to be public; digests collect by this time.",
    )

    class Meta:
        ordering = ["-decided_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(choice__in=["now", "at", "digest", "none"]), name="subscriptions_release_choice"
            ),
            models.CheckConstraint(
                condition=~Q(choice="at") | Q(send_at__isnull=False),
                name="subscriptions_release_at_has_time",
                violation_error_message="Say when it is to be sent.",
            ),
        ]

    def __str__(self):
        return f"{self.review}: {self.get_choice_display()}"


class Mailing(models.Model):
    """One letter to many: a snapshot of what it says and, in its deliveries, of who gets it."""

    class Kind(models.TextChoices):
        REVIEW = "review", "New review"
        DIGEST = "digest", "Digest"

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for its time"
        HELD = "held", "Waits for a person’s word"
        PREPARING = "preparing", "Being prepared"
        SENDING = "sending", "Being sent"
        PAUSED = "paused", "Paused"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "Cancelled"

    kind = models.CharField(max_length=6, choices=Kind)
    review = models.ForeignKey(Review, models.SET_NULL, null=True, blank=True, related_name="mailings")
    rhythm = models.CharField(max_length=6, blank=True, help_text="Of a digest: daily or weekly.")
    slot = models.DateTimeField(null=True, blank=True, help_text="Of a digest: the hour it is for.")
    hours = models.JSONField(
        default=list, blank=True, help_text="Of a digest: the hours that began then, as [day of the week, hour]."
    )
    covers_to = models.DateTimeField(
        null=True, blank=True, help_text="Of a digest: reviews released later are for the next one."
    )
    review_ids = models.JSONField(
        default=list, blank=True, help_text="Of a digest: the reviews in its snapshot, in their order there."
    )
    withdrawn_ids = models.JSONField(
        default=list, blank=True, help_text="Of a digest: those that ceased to be public before all were sent."
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=300, blank=True, help_text="Why it is paused or held, in words.")
    due_at = models.DateTimeField()
    refusals = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="How badly it goes: counts refusals in a row, gone with the next success."
    )
    rest_until = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Nothing is sent before: after refusals, or to keep a limit."
    )
    identity = models.UUIDField(unique=True, help_text="Part of the Message-ID of each of its mails.")
    content = models.JSONField(default=dict, blank=True, help_text="The snapshot every mail of it is made from.")
    prepared_to = models.BigIntegerField(default=0, help_text="Key of the last subscriber looked at while preparing.")
    prepared_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveIntegerField(default=0, help_text="Recipients, fixed when prepared.")
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(null=True, blank=True)
    attended_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="When a worker last looked after it, to within a minute."
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-due_at", "-pk"]
        indexes = [models.Index(fields=["state", "due_at"], name="subscriptions_mailing_due")]
        constraints = [
            models.UniqueConstraint(
                fields=["review"], condition=Q(kind="review"), name="subscriptions_review_mailed_once"
            ),
            models.UniqueConstraint(
                fields=["rhythm", "slot"], condition=Q(kind="digest"), name="subscriptions_one_digest_a_slot"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "held", "preparing", "sending", "paused", "done", "cancelled"]),
                name="subscriptions_mailing_state",
            ),
        ]

    def __str__(self):
        return self.content.get("subject") or self.get_kind_display()
