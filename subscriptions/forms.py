"""Forms of the doors: what is typed into them, kept when something is wrong with it."""

from typing import ClassVar

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils import timezone

from subscriptions import following
from subscriptions.addresses import TYPED_LENGTH, clean_address, key_of, likely_meant
from subscriptions.models import Subscriber
from subscriptions.preferences import PAUSES, change_rhythm

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
STEP_SALT = "subscriptions.second-step"
STEP_TAKES = 2  # seconds, at least: nobody reads and presses faster
STEP_MAX_AGE = 60 * 60  # seconds


def second_step(address: str) -> str:
    """A token that says when the second step was shown, and for which address."""
    return signing.dumps([key_of(address), int(timezone.now().timestamp())], salt=STEP_SALT)


def passes_second_step(token: str, address: str) -> bool:
    """Whether the token is ours, for this address, and neither too young nor too old."""
    try:
        key, shown = signing.loads(token, salt=STEP_SALT)
    except (signing.BadSignature, ValueError):
        return False
    return key == key_of(address) and STEP_TAKES <= timezone.now().timestamp() - shown <= STEP_MAX_AGE


class AddressForm(forms.Form):
    """One email address."""

    email = forms.CharField(required=False, strip=False, validators=[])
    sure = forms.CharField(required=False)

    def clean_email(self) -> str:
        return clean_address(self.cleaned_data["email"])

    @property
    def typed(self) -> str:
        """What was typed, to be shown again; not more of it than an address can have."""
        return str(self.data.get("email", ""))[: TYPED_LENGTH + 1].replace("\0", "")

    @property
    def meant(self) -> str | None:
        """The address that was probably meant, unless the reader has said that it is right as it is."""
        return None if self.cleaned_data["sure"] else likely_meant(self.cleaned_data["email"])


class SignUpForm(AddressForm):
    """The panel's form. `homepage` is filled by programs only; `step` comes from a later page of its own."""

    follow = forms.CharField(required=False)
    page = forms.CharField(required=False)
    homepage = forms.CharField(required=False)
    step = forms.CharField(required=False)

    def clean_follow(self) -> str:
        """What to follow as a word; empty for every review, and for what does not exist."""
        self.followed = following.read(self.cleaned_data["follow"])
        return self.followed.word if self.followed else ""

    def clean_page(self) -> str:
        page = self.cleaned_data["page"]
        return page if page.startswith("/") and page.isprintable() and len(page) <= 300 else ""


class OwnAddressForm(AddressForm):
    """The subscriber's own address, typed to show that they know it."""

    def __init__(self, *args, subscriber: Subscriber, **kwargs):
        super().__init__(*args, **kwargs)
        self.subscriber = subscriber

    def clean_email(self) -> str:
        address = super().clean_email()
        if key_of(address) != self.subscriber.key:
            raise ValidationError("This is not the address our letters go to. It is the one you subscribed with.")
        return address


class MoveForm(AddressForm):
    """Where a subscriber wants their letters from now on."""

    def __init__(self, *args, subscriber: Subscriber, **kwargs):
        super().__init__(*args, **kwargs)
        self.subscriber = subscriber

    def clean_email(self) -> str:
        address = super().clean_email()
        if key_of(address) == self.subscriber.key:
            raise ValidationError("This is the address your letters come to already.")
        return address


class PauseForm(forms.Form):
    """For how many weeks; 0 to go on."""

    weeks = forms.TypedChoiceField(coerce=int, choices=[(weeks, f"{weeks} weeks") for weeks in (0, *PAUSES)])


class RhythmForm(forms.ModelForm):
    """When letters come, and about what."""

    only_followed = forms.TypedChoiceField(
        coerce=lambda value: value == "yes",
        choices=[("no", "Every review"), ("yes", "Only what I follow")],
        widget=forms.RadioSelect,
    )
    day = forms.TypedChoiceField(coerce=int, choices=list(enumerate(DAYS)))
    hour = forms.TypedChoiceField(coerce=int, choices=[(hour, f"{hour:02}:00") for hour in range(24)])

    class Meta:
        model = Subscriber
        fields: ClassVar = ["rhythm", "only_followed", "day", "hour"]
        widgets: ClassVar = {"rhythm": forms.RadioSelect}

    def __init__(self, *args, instance: Subscriber, **kwargs):
        initial = {"only_followed": "yes" if instance.only_followed else "no"}
        self.before = instance.rhythm, instance.only_followed
        super().__init__(*args, instance=instance, initial=initial, **kwargs)

    def save(self, commit: bool = True) -> Subscriber:
        change_rhythm(self.instance, *self.before)
        return self.instance
