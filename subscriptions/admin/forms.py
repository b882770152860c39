"""What editors fill in about newsletters."""

from django import forms
from django.core.exceptions import ValidationError

from config.admin_forms import MomentInput, time_zone_note
from reviews.models import Review
from subscriptions import releases
from subscriptions.addresses import TYPED_LENGTH, clean_address
from subscriptions.models import Release


class ReleaseForm(forms.Form):
    """An editor's decision about mail for a review. `seen` is which decision the page showed, so that nobody's goes
    over another's unseen; the same decision sent twice is one."""

    choice = forms.ChoiceField(choices=Release.Choice.choices, widget=forms.RadioSelect)
    send_at = forms.DateTimeField(required=False, label="At", widget=MomentInput)
    seen = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args, review: Review, release: Release | None, by, **kwargs):
        self.review, self.release, self.by = review, release, by
        initial = {"seen": releases.version(release), "choice": release.choice if release else "now"}
        super().__init__(*args, initial=initial | {"send_at": release.send_at if release else None}, **kwargs)
        self.fields["send_at"].help_text = time_zone_note()

    def save(self) -> Release | None:
        """Note the decision; None if it cannot be, and then the form says why."""
        choice, at = self.cleaned_data["choice"], self.cleaned_data["send_at"]
        at = at if choice == Release.Choice.AT else None
        release = self.release
        if release and (release.choice, release.send_at) == (choice, at) and not self._was_stopped():
            return release
        try:
            return releases.decide(self.review, choice, at, self.by, seen=self.cleaned_data["seen"])
        except ValidationError as error:
            self.add_error("send_at" if error.code in ("no-time", "past") else None, error)
        return None

    def _was_stopped(self) -> bool:
        return self.review.mailings.filter(state="cancelled").exists()


class AddressForm(forms.Form):
    """One address, to ask whether it is on the list."""

    address = forms.CharField(max_length=TYPED_LENGTH, widget=forms.EmailInput(attrs={"autocomplete": "off"}))

    def clean_address(self) -> str:
        return clean_address(self.cleaned_data["address"])


class ReasonForm(forms.Form):
    """Why something is done that is not done lightly."""

    reason = forms.CharField(max_length=300, widget=forms.TextInput(attrs={"size": 60}))


class UploadForm(forms.Form):
    """A list of readers as another system exported it."""

    file = forms.FileField(label="CSV file", widget=forms.FileInput(attrs={"accept": ".csv,.txt,.tsv,text/csv"}))
