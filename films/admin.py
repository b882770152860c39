from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, Max, Min, OuterRef
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from config.admin_base import Blocks, EditorAdmin, ListFilter, Rows
from config.admin_forms import CodeSelect, GuardedForm, RowForm, RowFormSet, SuggestInput
from config.languages import country_choices, country_name, language_choices
from config.sql import children, how_many, rows
from films.models import Certificate, Credit, Film, FilmCountry, FilmLanguage, FilmTitle, Genre, Role, Still, WatchLink
from films.models.film import PRINTED_NAME
from people.admin import PersonAdmin
from people.models import Person


class CodeForm(RowForm):
    """A row that holds a code and shows its name."""

    code, choices = "", staticmethod(list)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields[self.code].widget = CodeSelect(choices=self.choices())
        self.fields[self.code].help_text = ""
        self.blame = self.code


class CountryForm(CodeForm):
    code, choices = "country", staticmethod(country_choices)


class LanguageForm(CodeForm):
    code, choices = "language", staticmethod(language_choices)


class CountryRows(Rows):
    model = FilmCountry
    form = CountryForm
    after = "Title"
    fields = ["country", "position"]


class LanguageRows(Rows):
    model = FilmLanguage
    form = LanguageForm
    after = "Title"
    fields = ["language", "position"]


class OtherTitleForm(RowForm):
    blame = "title"


class OtherTitleRows(Rows):
    model = FilmTitle
    form = OtherTitleForm
    after = "Title"
    verbose_name_plural = "other titles"


class CreditForm(RowForm):
    blame = "person"


class CreditFormSet(RowFormSet):
    number_within = ("role",)


class CreditRows(Rows):
    model = Credit
    form = CreditForm
    formset = CreditFormSet
    after = "Title"
    autocomplete_fields = ["person"]
    fields = ["person", "role", "character", "position", "credited_as"]

    def get_queryset(self, request):
        return super().get_queryset(request).in_billing_order()


class StillBlocks(Blocks):
    model = Still
    after = "Picture"
    fields = ["image", ("focal_x", "focal_y"), "alt", "is_decorative", "credit", ("role", "position")]


class CertificateForm(RowForm):
    blame = "board"


class CertificateRows(Rows):
    model = Certificate
    form = CertificateForm


class WatchLinkForm(RowForm):
    blame = "url"


class WatchLinkRows(Rows):
    model = WatchLink
    form = WatchLinkForm


class DecadeFilter(ListFilter):
    title = "decade"
    parameter_name = "decade"

    def lookups(self, request, model_admin):
        span = Film.objects.aggregate(first=Min("year"), last=Max("year"))
        if span["first"] is None:
            return []
        decades = range(span["last"] // 10 * 10, span["first"] // 10 * 10 - 1, -10)
        return [(str(decade), f"{decade}s") for decade in decades]

    def queryset(self, request, queryset):
        decade = self.value() or ""
        if not (decade.isascii() and decade.isdecimal() and len(decade) == 4):
            return queryset
        return queryset.filter(year__range=(int(decade), int(decade) + 9))


class CountryFilter(ListFilter):
    title = "country"
    parameter_name = "country"

    def lookups(self, request, model_admin):
        codes = FilmCountry.objects.order_by().values_list("country", flat=True).distinct()
        return sorted(((code, country_name(code)) for code in codes), key=lambda pair: pair[1])

    def queryset(self, request, queryset):
        made_there = FilmCountry.objects.filter(film=OuterRef("pk"), country=self.value())
        return queryset.filter(Exists(made_there)) if self.value() else queryset


class YesNoFilter(ListFilter):
    """A filter by whether a subquery of the list's rows finds anything."""

    words = ("Yes", "No")

    def found(self):
        raise NotImplementedError

    def lookups(self, request, model_admin):
        return list(zip(("yes", "no"), self.words, strict=True))

    def queryset(self, request, queryset):
        if self.value() not in ("yes", "no"):
            return queryset
        found = Exists(self.found())
        return queryset.filter(found if self.value() == "yes" else ~found)


class StillFilter(YesNoFilter):
    title = "pictures"
    parameter_name = "still"
    words = ("With a still", "Without")

    def found(self):
        return children(Film, "stills")


class FilmForm(GuardedForm):
    """A film, checked in words."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "original_language" in self.fields:
            self.fields["original_language"].widget = SuggestInput(language_choices(), {"size": 8})


@admin.register(Film)
class FilmAdmin(EditorAdmin):
    """The catalogue. What is said of films is added by reviews/admin/films.py."""

    form = FilmForm
    list_display = ["title", "year", "directed_by", "has_still"]
    list_filter = [DecadeFilter, StillFilter, CountryFilter]
    search_fields = ["title", "original_title", "slug", "credits__person__name", "credits__credited_as"]
    search_help_text = "Titles, original titles and the names of everybody credited."
    ordering = ["sort_title", "year", "pk"]
    autocomplete_fields = ["genres"]
    inlines = [OtherTitleRows, CountryRows, LanguageRows, CreditRows, StillBlocks, CertificateRows, WatchLinkRows]
    fieldsets = [
        ("Title", {"fields": ["title", ("original_title", "original_language"), ("year", "runtime")]}),
        ("Picture", {"fields": [("aspect_ratio", "colour", "card_tone"), "trailer_url"]}),
        ("Synopsis", {"fields": ["synopsis"]}),
        ("Filing", {"fields": ["genres", "filed_as", "slug", ("imdb_id", "wikidata_id", "tmdb_id")]}),
    ]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "synopsis":
            field.widget.attrs |= {"data-count": "words", "data-least": 60, "data-most": 130, "rows": 6}
        return field

    def list_queryset(self, queryset):
        directing = children(Film, "credits").filter(role=Role.DIRECTOR).order_by("position", "pk")
        return (
            super()
            .list_queryset(queryset.defer("synopsis"))
            .annotate(director_rows=rows(directing, name=PRINTED_NAME), has_stills=Exists(children(Film, "stills")))
        )

    @admin.display(description="directors")
    def directed_by(self, film):
        return ", ".join(row["name"] for row in film.director_rows) or None

    @admin.display(description="still", ordering="has_stills")
    def has_still(self, film):
        return "yes" if film.has_stills else None

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        for other in obj.same_title_and_year()[:3]:
            self._warn_of_double(request, obj, other)

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        form.instance.refile()

    def _warn_of_double(self, request, film, other):
        words = (
            "There is another “{}”, at <a href='{}'>{}</a>. If it is the same film, move what you wrote there and "
            "delete this one. If it is a different film, nothing needs doing: their addresses differ."
        )
        address = reverse("admin:films_film_change", args=[other.pk])
        self.message_user(request, format_html(words, film, address, other.get_absolute_url()), messages.WARNING)

    def get_urls(self):
        pictures = self.admin_site.admin_view(require_safe(self.pictures))
        return [path("pictures/", pictures, name="films_film_pictures"), *super().get_urls()]

    def pictures(self, request: HttpRequest) -> HttpResponse:
        """The window in which an editor picks a still for a text; static/admin/pictures.js hands it over."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        film = request.GET.get("film", "")
        stills = Still.objects.filter(film=film).for_cards() if film.isdecimal() and len(film) < 19 else []
        context = {**self.admin_site.each_context(request), "title": "Pictures of the film", "is_popup": True}
        return TemplateResponse(request, "admin/films/film/pictures.html", {**context, "stills": stills})


@admin.register(Genre)
class GenreAdmin(EditorAdmin):
    list_display = ["name", "film_count"]
    search_fields = ["name", "slug"]
    view_on_site = False

    def list_queryset(self, queryset):
        return queryset.annotate(film_count=how_many(children(Genre, "films")))

    @admin.display(description="films", ordering="film_count")
    def film_count(self, genre):
        return genre.film_count


class CreditedPersonAdmin(PersonAdmin):
    """People, with what this room knows of them."""

    list_display = [*PersonAdmin.list_display, "credit_count"]

    def list_queryset(self, queryset):
        return super().list_queryset(queryset.defer("bio")).annotate(credit_count=how_many(children(Person, "credits")))

    @admin.display(description="credits", ordering="credit_count")
    def credit_count(self, person):
        return person.credit_count


admin.site.unregister(Person)
admin.site.register(Person, CreditedPersonAdmin)
