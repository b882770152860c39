"""The review's form and its rows."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from config.admin_forms import GuardedForm, RowForm, RowFormSet, SuggestInput
from config.languages import language_choices
from films.models import Still
from reviews.models import Review, State

MOST_AUTHORS = 100


class StillRadio(forms.RadioSelect):
    """The stills of a film, to be seen and not only read."""

    template_name = "admin/widgets/stills.html"
    option_template_name = "admin/widgets/still.html"

    def create_option(self, name, value, *args, **kwargs):
        option = super().create_option(name, value, *args, **kwargs)
        return option | {"picture": getattr(value, "instance", None)}


class StillChoiceField(forms.ModelChoiceField):
    """One of a film's stills, or none."""

    widget = StillRadio

    def label_from_instance(self, still):
        return still.alt or f"{still.get_role_display()} without alternative text"


class ReviewForm(GuardedForm):
    """The review as it will be printed, from top to bottom. Whether it is complete matters once it is published."""

    lead_image = StillChoiceField(
        Still.objects.none(),
        required=False,
        blank=True,
        label="Lead image",
        empty_label="The film’s first still, or its title card if there is none",
        error_messages={"invalid_choice": "This still belongs to another film. Choose one of this film."},
    )

    class Meta:
        model = Review
        fields = "__all__"  # the admin's fieldsets decide

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "language" in self.fields:
            self.fields["language"].widget = SuggestInput(language_choices(), {"size": 8})
        film = self._film_id()
        field = self.fields["lead_image"]
        if film:
            field.queryset = Still.objects.filter(film=film).order_by("position", "pk")
        field.help_text = (
            "Stills are added on the film’s own page, with their alternative text and credit."
            if film
            else "Choose the film and save; its stills can be chosen from here then."
        )

    def _film_id(self) -> str:
        posted = self.data.get(self.add_prefix("film"), "") if self.is_bound else ""
        film = str(posted or self.instance.film_id or self.initial.get("film") or "")
        return film if film.isdecimal() and len(film) < 19 else ""

    def clean(self):
        cleaned = super().clean()
        state = cleaned.get("state")
        if state == State.PUBLISHED and "published_at" in cleaned and cleaned["published_at"] is None:
            cleaned["published_at"] = timezone.now().replace(microsecond=0)
        if state == State.WITHDRAWN and "published_at" in cleaned and cleaned["published_at"] is None:
            self.add_error("state", "Only what was published can be withdrawn. To put it aside, make it a draft.")
        return cleaned

    def _post_clean(self):
        super()._post_clean()
        if self.cleaned_data.get("state") == State.PUBLISHED:
            self._require_what_publishing_needs()

    def _require_what_publishing_needs(self) -> None:
        missing = self.instance.missing_for_publishing(is_signed=self._is_signed())
        if not missing:
            return
        words = "It cannot be published yet. Nothing you typed is lost: add what is missing, or save it as a draft."
        items = format_html_join("", "<li>{}</li>", ((item.what,) for item in missing))
        self.add_error(None, ValidationError(format_html("{} Missing: <ul>{}</ul>", words, items), code="not_ready"))
        for item in missing:
            if item.field in self.fields:
                self.add_error(item.field, f"Missing for publishing: {item.what}.")

    def _is_signed(self) -> bool:
        """Whether the authors on the same form leave at least one name: they are validated after this form."""
        total = self.data.get("bylines-TOTAL_FORMS", "")
        rows = range(min(int(total), MOST_AUTHORS) if total.isdecimal() else 0)
        return any(
            self.data.get(f"bylines-{row}-author") and not self.data.get(f"bylines-{row}-DELETE") for row in rows
        )


class BylineForm(RowForm):
    blame = "author"


class BylineFormSet(RowFormSet):
    """The authors. `own` is the author who has to stay among them, if any: see roles.may_write()."""

    def __init__(self, *args, own=None, **kwargs):
        self.own = own
        super().__init__(*args, **kwargs)

    def clean(self):
        super().clean()
        signed = {form.cleaned_data.get("author") for form in self.filled_forms() if form.is_valid()}
        if self.own and self.own not in signed:
            raise ValidationError(
                "Your own name has to be among the authors: without it you could not open this again."
            )
