import hashlib
import hmac
import secrets
from datetime import datetime, timedelta

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone

from subscriptions.addresses import ADDRESS_LENGTH, key_of, masked

FORMER_LINKS_WORK = timedelta(days=90)  # the law asks for 30, at least: 15 U.S.C. 7704(a)(3)(A)(ii)


def new_secret() -> str:
    """128 random bits as 32 hexadecimal digits."""
    return secrets.token_hex(16)


class SubscriberQuerySet(models.QuerySet):
    def confirmed(self):
        """Who asked for mail and confirmed it, and has not left."""
        return self.filter(state=Subscriber.State.CONFIRMED)

    def receiving(self, now: datetime | None = None):
        """Whom mail may be sent to at this moment: confirmed and not paused."""
        return self.confirmed().filter(Q(paused_until=None) | Q(paused_until__lte=now or timezone.now()))


class Subscriber(models.Model):
    """A reader who gets mail. One row an address, whatever its case."""

    class State(models.TextChoices):
        """How it stands. Who only asked has no row here yet: see SignUp."""

        CONFIRMED = "confirmed", "Confirmed"
        LEFT = "left", "Left"

    class Rhythm(models.TextChoices):
        EACH = "each", "Every review, when it is published"
        DAILY = "daily", "Once a day"
        WEEKLY = "weekly", "Once a week"

    class Ended(models.TextChoices):
        """Why somebody left."""

        NONE = "", "–"
        READER = "reader", "By themselves"
        BOUNCED = "bounced", "The address does not work"
        COMPLAINED = "complained", "Reported our mail as unwanted"
        EDITOR = "editor", "Taken off by an editor"

    address = models.CharField(max_length=ADDRESS_LENGTH)
    key = models.CharField(
        max_length=ADDRESS_LENGTH,
        unique=True,
        editable=False,
        help_text="The address as it is compared: in small letters, the domain in its ASCII form.",
    )
    state = models.CharField(max_length=9, choices=State, default=State.CONFIRMED)
    rhythm = models.CharField(max_length=6, choices=Rhythm, default=Rhythm.EACH)
    only_followed = models.BooleanField(
        default=False, help_text="Only reviews that have to do with something they follow."
    )
    day = models.PositiveSmallIntegerField(
        "day of the weekly letter", default=4, validators=[MaxValueValidator(6)], help_text="0 is Monday."
    )
    hour = models.PositiveSmallIntegerField("hour of the letter", default=8, validators=[MaxValueValidator(23)])
    paused_until = models.DateTimeField(null=True, blank=True)
    digests_from = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Digests hold nothing that was released before."
    )
    last_digest_to = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="When they changed to every review: one digest is still to come.",
    )
    secret = models.CharField(max_length=32, default=new_secret, editable=False)
    confirmed_at = models.DateTimeField()
    left_at = models.DateTimeField(null=True, blank=True)
    ended = models.CharField(max_length=10, choices=Ended, blank=True, default=Ended.NONE)
    soft_bounces = models.PositiveSmallIntegerField(
        default=0, editable=False, help_text="Temporary refusals one after another."
    )
    source = models.CharField(max_length=60, blank=True, help_text="Where they came from: the site, or an import.")

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ["-confirmed_at", "-pk"]
        permissions = [("view_addresses", "Can see subscribers’ addresses")]
        indexes = [
            models.Index(fields=["state", "rhythm", "day", "hour"], name="subscriptions_due"),
            models.Index(fields=["-confirmed_at", "-id"], name="subscriptions_newest"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=["confirmed", "left"]), name="subscriptions_state_known"),
            models.CheckConstraint(condition=Q(rhythm__in=["each", "daily", "weekly"]), name="subscriptions_rhythm"),
            models.CheckConstraint(condition=Q(day__range=(0, 6)), name="subscriptions_day_of_week"),
            models.CheckConstraint(condition=Q(hour__range=(0, 23)), name="subscriptions_hour_of_day"),
            models.CheckConstraint(
                condition=Q(state="confirmed", left_at=None) | Q(state="left", left_at__isnull=False),
                name="subscriptions_left_has_date",
            ),
        ]

    def __str__(self):
        return masked(self.address)

    def save(self, *args, **kwargs):
        self.key = key_of(self.address)
        super().save(*args, **kwargs)

    @property
    def is_receiving(self) -> bool:
        """The same rule as receiving(), for one subscriber in hand."""
        paused = self.paused_until is not None and self.paused_until > timezone.now()
        return self.state == self.State.CONFIRMED and not paused

    # --- Secret addresses: no account, no cookie. The secret is the subscriber's own, so a link in an old mail
    # outlives a change of SECRET_KEY, and dies when the row goes or the secret is changed.

    def token(self, purpose: str) -> str:
        """What stands in a secret address: who, and 128 bits that only we can make. Good for one purpose only."""
        return f"{self.pk}-{_mac(self.secret, purpose)}"

    @classmethod
    def from_token(cls, token: str, purpose: str) -> "Subscriber | None":
        """Whose token it is; None if it is forged, foreign, for another purpose, or of somebody deleted."""
        number, _dash, mac = token.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            return None
        found = cls.objects.filter(pk=int(number)).first()
        # Compared in either case, so that the answer takes the same time for numbers nobody has.
        secret = found.secret if found else "0" * 32
        return found if hmac.compare_digest(_mac(secret, purpose).encode(), mac.encode("utf-8", "replace")) else None

    @classmethod
    def from_former_token(cls, token: str) -> "Subscriber | None":
        """Whose token for leaving it was before they moved: letters delivered by then still have a link to leave."""
        number, _dash, mac = token.partition("-")
        if not (number.isascii() and number.isdigit() and len(number) <= 18):
            return None
        given = mac.encode("utf-8", "replace")
        former = FormerSecret.objects.filter(subscriber=int(number), until__gt=timezone.now())
        found = [one for one in former if hmac.compare_digest(_mac(one.secret, "leave").encode(), given)]
        return found[0].subscriber if found else None

    def renew_secret(self, now: datetime) -> None:
        """Make another, and remember this one for leaving; the caller saves."""
        FormerSecret.objects.create(subscriber=self, secret=self.secret, until=now + FORMER_LINKS_WORK)
        self.secret = new_secret()

    def leave(self, why: str = Ended.READER, now: datetime | None = None) -> bool:
        """Stop all mail at once; whether anything changed. Mail that is queued already is not sent. All else stays, for
        leaving can be taken back."""
        now = now or timezone.now()
        return bool(
            Subscriber.objects.confirmed().filter(pk=self.pk).update(state=self.State.LEFT, left_at=now, ended=why)
        )


class FormerSecret(models.Model):
    """What a subscriber's links were made of before a move. It opens nothing but the page to leave."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="former_secrets")
    secret = models.CharField(max_length=32, editable=False)
    until = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["-until", "-pk"]

    def __str__(self):
        return f"Links made before a move, good until {self.until:%Y-%m-%d}"


def _mac(secret: str, purpose: str) -> str:
    return hmac.new(bytes.fromhex(secret), purpose.encode(), hashlib.sha256).hexdigest()[:32]
