import hmac
from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.crypto import salted_hmac

from subscriptions.addresses import ADDRESS_LENGTH
from subscriptions.models.consent import Wording

LINK_MAX_AGE = timedelta(days=3)
MOST_ATTEMPTS = 8
LEASE = timedelta(minutes=5)  # a worker that is killed while it writes a letter has this long before another does


class SignUpQuerySet(models.QuerySet):
    def due(self, now: datetime | None = None):
        """Those that somebody waits for a letter about."""
        now = now or timezone.now()
        waiting = self.filter(mailed_at=None, attempts__lt=MOST_ATTEMPTS, asked_at__gt=now - LINK_MAX_AGE)
        return waiting.filter(Q(not_before=None) | Q(not_before__lte=now))

    def claim(self, signup: "SignUp", now: datetime) -> bool:
        """Whether this worker, and no other, now writes the letter."""
        return bool(
            self.due(now)
            .filter(pk=signup.pk, attempts=signup.attempts)
            .update(attempts=F("attempts") + 1, not_before=now + LEASE)
        )


class SignUp(models.Model):
    """Somebody typed an address into our form. Nothing more is known until its owner presses a button in the mail.

    The request only writes this row, whoever the address belongs to, so that neither words nor time of the answer
    tell. The worker finds out the rest and writes the mail: first the one with the link; once that is used,
    `mailed_at` is empty again until the welcome is sent."""

    address = models.CharField(max_length=ADDRESS_LENGTH)
    key = models.CharField(max_length=ADDRESS_LENGTH, help_text="As in Subscriber.")
    follow = models.CharField(
        max_length=160, blank=True, help_text="What to follow, as kind and slug or code: “person:claire-denis”."
    )
    page = models.CharField(max_length=300, blank=True)
    network = models.GenericIPAddressField(null=True, blank=True)
    wording = models.ForeignKey(Wording, models.PROTECT, null=True, related_name="+")
    asked_at = models.DateTimeField()
    secret = models.CharField(max_length=64, unique=True, help_text="Of the link in the mail.")
    mailed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    moves = models.ForeignKey(
        "subscriptions.Subscriber",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        help_text="The subscriber who changes to this address; empty when somebody new signs up.",
    )

    objects = SignUpQuerySet.as_manager()

    class Meta:
        verbose_name = "sign-up"
        ordering = ["-asked_at", "-pk"]
        indexes = [
            models.Index(fields=["key", "asked_at"], name="subscriptions_asked_for"),
            models.Index(fields=["asked_at"], condition=Q(mailed_at=None), name="subscriptions_unmailed"),
        ]

    def __str__(self):
        return f"Sign-up of {self.asked_at:%Y-%m-%d %H:%M}"

    @property
    def token(self) -> str:
        """What stands in the link: which sign-up, and 256 bits made from its secret and the site's. The same each
        time it is mailed, and not to be had from the database alone."""
        return f"{self.pk}-{salted_hmac('subscriptions.signup', self.secret, algorithm='sha256').hexdigest()}"

    @classmethod
    def from_token(cls, token: str) -> "SignUp | None":
        """Whose link it is, used and expired ones included; None if it is forged or its row is gone."""
        number, _dash, _mac = token.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            return None
        found = cls.objects.filter(pk=int(number)).first()
        expected = found or cls(pk=0, secret="")  # compared in either case, so that the time does not tell
        return found if hmac.compare_digest(expected.token.encode(), token.encode("utf-8", "replace")) else None

    def is_open(self, now: datetime | None = None) -> bool:
        """Whether the link still does something."""
        return self.used_at is None and (now or timezone.now()) < self.asked_at + LINK_MAX_AGE


class Attempt(models.Model):
    """A form was sent from this network, whether or not a sign-up came of it: what the limits of a network count, so
    that they are the same for an address that waits for its letter. Forgotten within hours."""

    network = models.GenericIPAddressField(null=True, blank=True)
    block = models.CharField(
        max_length=43, blank=True, help_text="The network’s neighbourhood: its /24, or /64 of IPv6, to count by."
    )
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["block", "at"], name="subscriptions_attempts_from")]

    def __str__(self):
        return f"Attempt of {self.at:%Y-%m-%d %H:%M}"
