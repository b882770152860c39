"""What every admin of ours builds on: lists with counted columns, forms in writing order, inlines of constant cost."""

from copy import copy
from dataclasses import dataclass

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import connection, models

from config.admin_forms import (
    ClearablePictureInput,
    GuardedForm,
    KnownAutocomplete,
    KnownChoiceField,
    MomentInput,
    PictureFormField,
    PictureInput,
    PlainForm,
    RowForm,
    RowFormSet,
    in_words,
    time_zone_note,
)
from config.slugs import SlugField

PLAIN_WIDGETS = {
    models.ImageField: {"form_class": PictureFormField, "widget": PictureInput},
    models.DateTimeField: {"form_class": forms.DateTimeField, "widget": MomentInput},
    models.URLField: {"widget": forms.URLInput},
    models.DateField: {"widget": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")},
}
SLUG_TAKEN = "Another page has this address. Choose another, or leave it empty and a free one is made."


@dataclass(frozen=True)
class Part:
    """A piece of a form as the page shows it: a fieldset or an inline, never both."""

    fieldset: object = None
    inline: object = None


class FormFieldsMixin:
    """How our fields are asked for, on pages and in rows alike."""

    formfield_overrides = PLAIN_WIDGETS

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name in self.get_autocomplete_fields(request):
            kwargs |= {"form_class": KnownChoiceField, "widget": KnownAutocomplete(db_field, self.admin_site)}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(db_field, SlugField):
            field.error_messages["unique"] = SLUG_TAKEN
        if isinstance(db_field, models.ImageField) and db_field.blank:
            field.widget = ClearablePictureInput()
        if isinstance(db_field, models.DateTimeField) and field:
            field.help_text = f"{field.help_text} {time_zone_note()}".strip()
        if hasattr(getattr(field, "widget", None), "can_delete_related"):
            field.widget.can_delete_related = field.widget.can_view_related = False
        return field


class ListFilter(admin.SimpleListFilter):
    """A filter that passes over a value it does not offer itself."""

    def value(self):
        value = super().value()
        return value if value in {str(key) for key, _words in self.lookup_choices} else None


class CountedChangeList(ChangeList):
    """A list whose columns come with the one query of its page."""

    def get_queryset(self, request, exclude_parameters=None):
        self.root_queryset = self.model_admin.list_queryset(self.root_queryset)
        return super().get_queryset(request, exclude_parameters)


class EditorAdmin(FormFieldsMixin, admin.ModelAdmin):
    """A page of the admin. Models with `changed_at` take a GuardedForm: no save goes over another person's."""

    form = PlainForm
    list_per_page = 50
    save_on_top = False

    def list_queryset(self, queryset):
        """The rows of the list with the columns it prints: override to annotate."""
        return queryset

    def get_changelist(self, request, **kwargs):
        return CountedChangeList

    def get_object(self, request, object_id, from_field=None):
        """The record; while it is being saved, nobody else's save comes between our look and our write."""
        found = super().get_object(request, object_id, from_field)
        if found and request.method == "POST" and connection.in_atomic_block:
            if connection.features.has_select_for_update:  # SQLite's transactions lock the whole database anyway
                self.model._base_manager.select_for_update().filter(pk=found.pk).first()
                found = super().get_object(request, object_id, from_field)
        if found:
            found.stored = copy(found)  # what a refused form leaves as it was
        return found

    def view_on_site(self, obj):
        return obj.get_absolute_url() if hasattr(obj, "get_absolute_url") else None

    def tools(self, request, obj) -> list[tuple[str, str]]:
        """Links beside "History": (words, address)."""
        return []

    def save_state(self, obj) -> str:
        """What the save bar says of the record as it is stored."""
        if obj is None:
            return "New, not saved yet"
        return f"Saved {in_words(obj.changed_at)}" if hasattr(obj, "changed_at") else "Saved"

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        stored = getattr(obj, "stored", obj)
        context |= {
            "parts": list(self._parts(context["adminform"], context["inline_admin_formsets"])),
            "save_state": self.save_state(stored),
            "tools": [*self.tools(request, stored), *self.admin_site.tools_for(request, stored)] if stored else [],
            "show_save_and_add_another": False,
            "is_guarded": isinstance(context["adminform"].form, GuardedForm),
        }
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def _parts(self, fieldsets, inlines):
        """Fieldsets with each inline behind the one its `after` names; the others come last."""
        waiting = list(inlines)
        for fieldset in fieldsets:
            yield Part(fieldset=fieldset)
            for inline in [inline for inline in waiting if getattr(inline.opts, "after", None) == fieldset.name]:
                waiting.remove(inline)
                yield Part(inline=inline)
        for inline in waiting:
            yield Part(inline=inline)


class InlineMixin(FormFieldsMixin):
    """Rows of a form. `after` is the name of the fieldset they stand behind."""

    form = RowForm
    formset = RowFormSet
    extra = 1
    after: str | None = None
    description = ""

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        return rows.select_related(*self.autocomplete_fields) if self.autocomplete_fields else rows


class Rows(InlineMixin, admin.TabularInline):
    """Short rows, one beneath the other."""

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if hasattr(getattr(field, "widget", None), "can_change_related"):
            field.widget.can_change_related = False
        return field


class Blocks(InlineMixin, admin.StackedInline):
    """Rows with much in them, such as pictures."""
