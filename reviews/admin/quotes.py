"""The critics on a film: rows of the film's own form, and of the form of each of its reviews."""

from functools import partial

from django import forms
from django.contrib.admin.checks import InlineModelAdminChecks

from config.admin_base import Blocks
from config.admin_forms import RowForm, RowsMixin
from reviews.models import CriticQuote


class QuoteForm(RowForm):
    blame = "quote"


class FilmQuoteFormSet(RowsMixin, forms.BaseModelFormSet):
    """The quotes of a review's film, edited with the review. New ones go to the film the review has when saved."""

    def __init__(self, data=None, files=None, instance=None, queryset=None, film=None, save_as_new=False, **kwargs):
        self.instance = instance
        if data is None:
            queryset = queryset.filter(film=instance.film_id or film)
        else:
            films = [
                pk for pk in (str(instance.film_id or ""), data.get("film", "")) if pk.isdecimal() and len(pk) < 19
            ]
            queryset = queryset.filter(pk__in=self._posted_rows(data, kwargs["prefix"]), film__in=films)
        super().__init__(data, files, queryset=queryset, **kwargs)

    @classmethod
    def get_default_prefix(cls):
        return "quotes"

    @staticmethod
    def _posted_rows(data, prefix: str) -> list[str]:
        initial = data.get(f"{prefix}-INITIAL_FORMS", "")
        rows = range(min(int(initial), 1000) if initial.isdecimal() else 0)
        posted = [data.get(f"{prefix}-{row}-id", "") for row in rows]
        return [pk for pk in posted if pk.isdecimal() and len(pk) < 19]

    def clean(self):
        super().clean()
        if not any(self.errors):
            self._refuse_doubles()

    def _refuse_doubles(self) -> None:
        rows = self.filled_forms()
        for form in rows:
            form.instance.film_id = form.instance.film_id or self.instance.film_id
        others = CriticQuote.objects.exclude(pk__in=[form.instance.pk for form in self.initial_forms])
        others = others.filter(film__in={form.instance.film_id for form in rows if form.instance.film_id})
        taken = set(others.values_list("film", "quote")) if rows else set()
        for form in rows:
            key = (form.instance.film_id, form.instance.quote)
            if key in taken:
                form.add_error("quote", "This quote stands there already.")
            taken.add(key)

    def save_new(self, form, commit=True):
        form.instance.film_id = self.instance.film_id
        return super().save_new(form, commit=commit)


class QuoteBlocks(Blocks):
    """The quotes of a film, with the film."""

    model = CriticQuote
    form = QuoteForm
    after = "Synopsis"
    verbose_name = "quote"
    verbose_name_plural = "the critics say"
    fields = ["quote", ("critic", "publication"), ("url", "date", "position")]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name == "quote":
            kwargs["widget"] = forms.Textarea({"rows": 2, "data-count": "words", "data-most": 40})
        return super().formfield_for_dbfield(db_field, request, **kwargs)


class NoParentChecks(InlineModelAdminChecks):
    """The rows hang on the review's film, not on the review."""

    def _check_relation(self, obj, parent_model):
        return []

    def _check_exclude_of_parent_model(self, obj, parent_model):
        return []


class FilmQuoteBlocks(QuoteBlocks):
    """The quotes of a review's film, with the review."""

    checks_class = NoParentChecks
    formset = FilmQuoteFormSet
    after = "3. Synopsis"
    verbose_name_plural = "4. The critics say"
    description = "Quotes belong to the film: every review of it shows them. Two at most look well."

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("film")

    def get_formset(self, request, obj=None, **kwargs):
        return forms.modelformset_factory(
            self.model,
            form=self.form,
            formset=self.formset,
            fields=["quote", "critic", "publication", "url", "date", "position"],
            formfield_callback=partial(self.formfield_for_dbfield, request=request),
            extra=self.get_extra(request, obj),
            max_num=self.get_max_num(request, obj),
            can_delete=self.has_delete_permission(request, obj),
        )
