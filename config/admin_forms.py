"""Form plumbing that the admins of all apps share. Knows no model."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from django import forms
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.admin.widgets import AutocompleteSelect
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.forms.utils import flatatt
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe

from config.images import check_and_reencode


def in_words(moment: datetime) -> str:
    """A moment as editors read it: "3 December 2026 at 09:00"."""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'j F Y')} at {date_format(local, 'H:i')}"


# --- Pictures -----------------------------------------------------------------------------------


class PictureInput(forms.FileInput):
    """A file input that shows the present picture; static/admin/picture.js adds the focal point to it."""

    template_name = "admin/widgets/picture.html"

    class Media:
        js = ["admin/picture.js"]

    def __init__(self, attrs=None):
        super().__init__({"accept": "image/jpeg,image/png,image/webp,image/avif,image/tiff,image/gif"} | (attrs or {}))

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        stored = value if value and getattr(value, "url", None) else None
        picture = getattr(stored, "instance", None)
        context["widget"] |= {
            "stored": stored,
            "src": picture.thumbnail() if hasattr(picture, "thumbnail") else stored and stored.url,
            "address": picture.src() if hasattr(picture, "src") else "",
            "was_lost": isinstance(value, UploadedFile),
        }
        return context


class ClearablePictureInput(PictureInput, forms.ClearableFileInput):
    """The same for a picture that may be taken away again."""

    template_name = "admin/widgets/picture.html"
    clear_checkbox_label = "Remove this picture"


class PictureFormField(forms.FileField):
    """Takes whatever a person uploads; gives a clean picture file or says in plain words why not."""

    widget = PictureInput
    default_error_messages = {
        "required": "Choose a picture.",
        "invalid": "No file came with the form. Choose the picture again.",
        "missing": "No file came with the form. Choose the picture again.",
        "empty": "This file is empty. Choose the picture again.",
    }

    def __init__(self, *, max_length=None, **kwargs):
        super().__init__(**kwargs)  # the stored name is made from the content, so the given one may be long

    def bound_data(self, data, initial):
        return data if isinstance(data, UploadedFile) else initial  # so that the widget can say it was lost

    def clean(self, data, initial=None):
        upload = super().clean(data, initial)
        if isinstance(upload, UploadedFile):
            upload, _width, _height = check_and_reencode(upload)
        return upload


# --- Choosing one record among thousands --------------------------------------------------------


class KnownChoiceField(forms.ModelChoiceField):
    """A choice that asks the database only for records its form does not hold already.

    `known` maps primary keys, as text, to records; formsets fill it for all their rows at once."""

    known: dict[str, models.Model] = {}

    def to_python(self, value):
        found = self.known.get(str(value))
        return super().to_python(value) if found is None else found


class KnownAutocomplete(AutocompleteSelect):
    """Django's autocomplete without a query for the label of each row."""

    def optgroups(self, name, value, attr=None):
        known = getattr(self.choices.field, "known", {})
        chosen = [str(pk) for pk in value if str(pk)]
        if not all(pk in known for pk in chosen):
            return super().optgroups(name, value, attr)
        options = [] if self.is_required else [self.create_option(name, "", "", False, 0)]
        for pk in chosen:
            label = self.choices.field.label_from_instance(known[pk])
            options.append(self.create_option(name, pk, label, True, len(options)))
        return [(None, options, 0)]


class SuggestInput(forms.TextInput):
    """A text input that suggests values, by the browser's own means; anything else may be typed as well."""

    template_name = "admin/widgets/suggest.html"

    def __init__(self, choices: Iterable[tuple[str, str]], attrs=None):
        self.suggestions = choices
        super().__init__(attrs)

    def get_context(self, name, value, attrs):
        context = super().get_context(name, value, attrs)
        context["widget"]["suggestions"] = self.suggestions
        context["widget"]["attrs"]["list"] = f"{context['widget']['attrs'].get('id', name)}_list"
        return context


class MomentInput(forms.DateTimeInput):
    """The browser's own input for date and time, with seconds only where there are any."""

    input_type = "datetime-local"

    def format_value(self, value):
        if not isinstance(value, datetime):
            return value
        return value.strftime("%Y-%m-%dT%H:%M:%S").removesuffix(":00")


class CodeSelect(forms.Select):
    """A select among hundreds. Written at once: Django's own draws a template for each option of each row.

    A value that is none of the choices is shown all the same, since the record has it."""

    def render(self, name, value, attrs=None, renderer=None):
        value = "" if value is None else str(value)
        choices = [("", "—"), *self.choices]
        if value not in dict(choices):
            choices.append((value, value))
        options = format_html_join(
            "",
            '<option value="{}"{}>{}</option>',
            ((code, mark_safe(" selected") if code == value else "", label) for code, label in choices),
        )
        attrs = self.build_attrs(self.attrs, {"name": name, **(attrs or {})})
        return format_html("<select{}>{}</select>", flatatt(attrs), options)


# --- Rows: the forms of an inline ---------------------------------------------------------------


class PlainForm(forms.ModelForm):
    """Labels without a colon."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **({"label_suffix": ""} | kwargs))


class RowForm(PlainForm):
    """One row of an inline. An unchanged row is not validated again, which would cost queries for each."""

    blame = ""  # the field that errors of the whole row are shown at

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "position" in self.fields:
            self.fields["position"].required = False
            self.fields["position"].widget.attrs |= {"min": 1, "placeholder": "next"}
            if self.instance._state.adding:
                self.initial["position"] = None

    def _post_clean(self):
        if self.instance._state.adding or self.has_changed():
            super()._post_clean()

    def show_errors_at_fault(self) -> None:
        if self.blame in self.fields and NON_FIELD_ERRORS in self.errors:
            for error in self._errors.pop(NON_FIELD_ERRORS).as_data():
                self.add_error(self.blame, error)


class RowsMixin:
    """A formset with the same number of queries for one row as for a hundred, and rows that number themselves."""

    number_within: tuple[str, ...] = ()  # fields whose values each have a numbering of their own

    def full_clean(self):
        super().full_clean()
        for form in self.forms if self.is_bound else ():
            if form.is_bound and form._errors:
                form.show_errors_at_fault()

    def clean(self):
        super().clean()
        if not any(self.errors):
            self._number_rows()

    def filled_forms(self) -> list[RowForm]:
        """The rows that will be there once this is saved."""
        return [
            form
            for form in self.forms
            if (form.has_changed() or form.instance.pk) and not (self.can_delete and self._should_delete_form(form))
        ]

    def _number_rows(self) -> None:
        last, unnumbered = defaultdict(int), []
        for form in self.filled_forms():
            if "position" not in form.fields:
                return
            group = tuple(getattr(form.instance, name) for name in self.number_within)
            if form.cleaned_data.get("position") is None and form.has_changed():
                unnumbered.append((group, form))
            else:
                last[group] = max(last[group], form.instance.position or 0)
        for group, form in unnumbered:
            last[group] += 1
            form.instance.position = last[group]

    def add_fields(self, form, index):
        super().add_fields(form, index)
        pk = self.model._meta.pk.name
        if isinstance(form.fields.get(pk), forms.ModelChoiceField):
            hidden = form.fields[pk]
            form.fields[pk] = KnownChoiceField(
                hidden.queryset, initial=hidden.initial, required=False, widget=hidden.widget
            )
            form.fields[pk].known = self._stored
        for name, field in form.fields.items():
            if isinstance(field, KnownChoiceField) and name != pk:
                field.known = self._known(name, field)

    @property
    def _stored(self) -> dict[str, models.Model]:
        return {str(row.pk): row for row in self.get_queryset()}

    def _known(self, name: str, field: KnownChoiceField) -> dict[str, models.Model]:
        """All records that the rows' field of that name refers to: those stored, and those just posted."""
        cache = self.__dict__.setdefault("_known_records", {})
        if name not in cache:
            stored = [getattr(row, name) for row in self.get_queryset()]
            known = {str(record.pk): record for record in stored if record}
            numbers = range(self.total_form_count() if self.is_bound else 0)
            posted = {str(self.data.get(f"{self.prefix}-{number}-{name}", "")) for number in numbers}
            if wanted := {pk for pk in posted - known.keys() if pk.isdecimal() and len(pk) < 19}:
                known |= {str(record.pk): record for record in field.queryset.filter(pk__in=wanted)}
            cache[name] = known
        return cache[name]

    def get_unique_error_message(self, unique_check):
        return self._twice(unique_check) or super().get_unique_error_message(unique_check)

    def get_form_error(self):
        return self._twice() or "This row stands here twice."

    def _twice(self, fields: Iterable[str] = ()) -> str:
        """The words of the model's own constraint on those fields (on any, if none are named)."""
        for constraint in self.model._meta.constraints:
            if isinstance(constraint, models.UniqueConstraint) and set(fields or constraint.fields) == set(
                constraint.fields
            ):
                words = constraint.violation_error_message
                return "" if words == constraint.default_violation_error_message else words
        return ""


class RowFormSet(RowsMixin, forms.BaseInlineFormSet):
    """The formset of our inlines. Each row has its parent at hand, so that naming it costs no query."""

    def _construct_form(self, i, **kwargs):
        form = super()._construct_form(i, **kwargs)
        setattr(form.instance, self.fk.name, self.instance)
        return form


# --- Two people, one record ---------------------------------------------------------------------


class OverwriteInput(forms.CheckboxInput):
    """A checkbox whose value names the version it agrees to replace. Never ticked by itself."""

    def value_from_datadict(self, data, files, name):
        return data.get(name, "")

    def format_value(self, value):
        return self.attrs.get("value", "")

    def get_context(self, name, value, attrs):
        return super().get_context(name, False, attrs)


class GuardedForm(PlainForm):
    """Refuses to write over what somebody else saved since the form was opened, unless told to.

    `seen` is the version (changed_at) the form was filled from. When another is stored, what was typed stays,
    and ticking `overwrite`, which carries the version the editor was told of, replaces exactly that one.
    templates/admin/change_form.html prints both."""

    seen = forms.CharField(required=False, widget=forms.HiddenInput)
    overwrite = forms.CharField(
        required=False, widget=OverwriteInput, label="Save mine anyway, in place of what was saved meanwhile"
    )
    has_conflict = False

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.stored_version = self.instance.changed_at.isoformat() if self.instance.pk else ""
        self.initial["seen"] = self.stored_version
        self.fields["overwrite"].widget.attrs["value"] = self.stored_version

    def clean(self):
        cleaned = super().clean()
        if self.stored_version not in (self.cleaned_data.get("seen"), self.cleaned_data.get("overwrite")):
            self.has_conflict = True
            self.add_error(None, ValidationError(self._conflict(), code="conflict"))
        return cleaned

    def _conflict(self) -> str:
        entry = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(self.instance), object_id=str(self.instance.pk)
        ).select_related("user")
        last = entry.order_by("-action_time").first()
        who = last.user.get_full_name() or last.user.get_username() if last else "Somebody else"
        return (
            f"{who} saved this on {in_words(self.instance.changed_at)}, after you had opened it. Nothing you typed is "
            "lost: it is all still in this form. Open this page in another tab to see what was saved; then either "
            "carry it over, or tick “Save mine anyway” and save once more."
        )


def time_zone_note() -> str:
    return f"Time in {settings.TIME_ZONE}."
