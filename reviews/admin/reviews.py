"""The review's list and form."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.text import get_text_list
from django.views.decorators.http import require_safe
from taggit.models import Tag

from config.admin_base import EditorAdmin, ListFilter, Rows
from config.admin_forms import RowForm, in_words, time_zone_note
from config.richtext import LONG
from reviews import roles
from reviews.admin.forms import BylineForm, BylineFormSet, ReviewForm
from reviews.admin.quotes import FilmQuoteBlocks
from reviews.cards import ask_for_card
from reviews.models import Author, RelatedChoice, Review, ReviewByline, State
from reviews.models.review import STANDFIRST_LENGTH
from reviews.related import SHOWN
from reviews.views import review_page


class BylineRows(Rows):
    model = ReviewByline
    form = BylineForm
    formset = BylineFormSet
    after = "6. Filing"
    autocomplete_fields = ["author"]
    fields = ["author", "position"]


class RelatedForm(RowForm):
    blame = "other"


class RelatedRows(Rows):
    model = RelatedChoice
    form = RelatedForm
    fk_name = "review"
    after = "6. Filing"
    verbose_name = "review"
    verbose_name_plural = "Read next"
    description = (
        "What readers find under “Read next” is chosen by what the reviews share. Here some can be shown always, first "
        f"and in this order (the first {SHOWN} that readers may see), or never."
    )
    autocomplete_fields = ["other"]
    fields = ["other", "choice", "reason", "position"]

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("other__film")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "other":
            kwargs["queryset"] = Review.objects.select_related("film")
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


STANDINGS = {
    "draft": ("Draft", lambda reviews: reviews.filter(state=State.DRAFT)),
    "in_review": ("In review", lambda reviews: reviews.filter(state=State.IN_REVIEW)),
    "scheduled": ("Scheduled", lambda reviews: reviews.filter(pk__in=Review.objects.scheduled().values("pk"))),
    "published": ("Published", lambda reviews: reviews.filter(pk__in=Review.objects.published().values("pk"))),
    "withdrawn": ("Withdrawn", lambda reviews: reviews.filter(state=State.WITHDRAWN)),
}


class StandingFilter(ListFilter):
    title = "standing"
    parameter_name = "standing"

    def lookups(self, request, model_admin):
        return [(key, words) for key, (words, _narrow) in STANDINGS.items()]

    def queryset(self, request, queryset):
        return STANDINGS[self.value()][1](queryset) if self.value() in STANDINGS else queryset


class AuthorFilter(ListFilter):
    title = "author"
    parameter_name = "author"

    def lookups(self, request, model_admin):
        signing = Author.objects.filter(Exists(ReviewByline.objects.filter(author=OuterRef("pk"))))
        return list(signing.values_list("slug", "name"))

    def queryset(self, request, queryset):
        signed = ReviewByline.objects.filter(review=OuterRef("pk"), author__slug=self.value())
        return queryset.filter(Exists(signed)) if self.value() else queryset


class TagFilter(ListFilter):
    title = "tag"
    parameter_name = "tag"

    def lookups(self, request, model_admin):
        in_use = roles.reviews_open_to(request.user).tagged(OuterRef(OuterRef("pk")))
        return list(Tag.objects.filter(Exists(in_use)).order_by("name").values_list("slug", "name"))

    def queryset(self, request, queryset):
        tag = Tag.objects.filter(slug=self.value()).first() if self.value() else None
        return queryset.filter(pk__in=Review.objects.tagged(tag).values("pk")) if tag else queryset


@admin.register(Review)
class ReviewAdmin(EditorAdmin):
    """The form is the page: same order, same words; what is left empty will not print."""

    form = ReviewForm
    list_display = ["title", "film", "signed_by", "standing"]
    list_select_related = ["film"]
    list_filter = [StandingFilter, AuthorFilter, TagFilter]
    date_hierarchy = "published_at"
    ordering = ["-changed_at", "-pk"]
    search_fields = ["headline", "film__title", "film__original_title", "film__slug", "bylines__author__name"]
    search_help_text = "Headlines, titles of films and names of authors."
    autocomplete_fields = ["film"]
    inlines = [FilmQuoteBlocks, BylineRows, RelatedRows]
    actions = ["publish", "withdraw", "send_back"]
    fieldsets = [
        ("1. Film", {"fields": ["film"]}),
        ("2. Opening", {"fields": ["headline", "standfirst", "lead_image", "disclosure"]}),
        ("3. Synopsis", {"fields": ["synopsis"]}),
        ("5. Our view", {"fields": ["body", "verdict", ("rating", "has_spoilers")]}),
        ("6. Filing", {"fields": ["tags", "slug", "meta_description", "language", "is_featured"]}),
        ("7. Publish", {"fields": ["state", ("published_at", "updated_at")]}),
    ]
    EDITORS_ONLY = {"is_featured", "published_at", "updated_at"}

    # --- Who sees and changes what

    def get_queryset(self, request):
        order = self.get_ordering(request)
        return roles.reviews_open_to(request.user).select_related("film").order_by(*order)

    def has_view_permission(self, request, obj=None):
        return super().has_view_permission(request, obj) and (obj is None or roles.may_open(request.user, obj))

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and (obj is None or roles.may_write(request.user, obj))

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and roles.may_publish(request.user)

    def has_add_permission(self, request):
        user = request.user
        return super().has_add_permission(request) and bool(roles.may_publish(user) or roles.author_of(user))

    def has_publish_permission(self, request):
        return roles.may_publish(request.user)

    # --- The form

    def get_fieldsets(self, request, obj=None):
        if roles.may_publish(request.user):
            return self.fieldsets
        return [
            (name, {"fields": [field for field in options["fields"] if not self.EDITORS_ONLY & {*_flat(field)}]})
            for name, options in self.fieldsets
        ]

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        field = super().formfield_for_choice_field(db_field, request, **kwargs)
        if db_field.name == "state" and not roles.may_publish(request.user):
            field.choices = [(state.value, state.label) for state in roles.UNPUBLISHED]
            field.error_messages["invalid_choice"] = (
                "Save it as a draft, or send it for review; an editor publishes it."
            )
            field.help_text = "“In review” tells the editors that it is ready to be read."
        return field

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        match db_field.name:
            case "film":
                field.help_text = (
                    "Type a title. If it is new, add it: title and year are enough for now; credits can come later."
                )
            case "standfirst":
                count = {"rows": 3, "data-count": "letters", "data-most": STANDFIRST_LENGTH}
                field.widget = forms.Textarea(count | {"maxlength": STANDFIRST_LENGTH})
            case "synopsis":
                field.widget.attrs |= {"rows": 6, "data-count": "words", "data-least": 60, "data-most": 130}
            case "meta_description":
                field.widget.attrs |= {"data-count": "letters", "data-most": 160}
            case "body":
                picker = {"pickerUrl": reverse("admin:films_film_pictures")}
                field.widget.config = {"extensions": LONG | {"Figure": picker}}
                field.widget.attrs["data-count"] = "words"
                field.help_text = (
                    "Pictures are those of films here: choose one of the film’s stills. Pictures from other sites are "
                    "taken out when it is saved. A footnote stands where the cursor is. “Spoiler” hides what is selected "
                    "until a reader opens it; nothing of it is shown anywhere else."
                )
            case "has_spoilers":
                field.help_text = "Prints a warning above the review. Passages marked as spoilers need none."
            case "verdict":
                field.help_text += " Lists and the front page may print it as well: give nothing away."
        return field

    def get_formset_kwargs(self, request, obj, inline, prefix):
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        author = roles.author_of(request.user)
        if isinstance(inline, BylineRows):
            if not roles.may_publish(request.user):
                kwargs["own"] = author
            if author and request.method == "GET" and obj.pk is None:
                kwargs["initial"] = [{"author": author.pk}]
        elif isinstance(inline, FilmQuoteBlocks):
            film = request.GET.get("film", "")
            kwargs["film"] = film if film.isdecimal() and len(film) < 19 else None
        return kwargs

    def save_state(self, obj):
        if obj is None:
            return "New, not saved yet"
        when = f" for {in_words(obj.published_at)}" if obj.is_scheduled else ""
        return f"{obj.standing}{when}. Saved {in_words(obj.changed_at)}"

    def view_on_site(self, obj):
        stored = getattr(obj, "stored", obj)
        if stored.is_visible:
            return stored.get_absolute_url()
        return reverse("admin:reviews_review_preview", args=[obj.pk])

    def save_related(self, request, form, formsets, change):
        super().save_related(request, form, formsets, change)
        review = form.instance
        if review.is_scheduled:
            words = f"Will appear on {in_words(review.published_at)}, {time_zone_note()[8:-1]}."
            self.message_user(request, words, messages.INFO)
        elif review.is_visible:
            ask_for_card(review)
            address = review.get_absolute_url()
            self.message_user(request, format_html("Readers see it at <a href='{0}'>{0}</a>.", address), messages.INFO)

    # --- The preview

    def get_urls(self):
        view = self.admin_site.admin_view(require_safe(self.preview))
        return [path("<int:pk>/preview/", view, name="reviews_review_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The review's page as readers will see it, whatever its state, for those who may open it here."""
        review = get_object_or_404(Review.objects.for_page(), pk=pk)
        if not self.has_view_permission(request, review):
            raise PermissionDenied
        response = review_page(request, review)
        response.context_data["preview"] = True
        response.headers["X-Robots-Tag"] = "noindex, nofollow"
        response.headers["Cache-Control"] = "no-store"  # to which admin_view() adds more of the kind
        return response

    # --- The list

    def list_queryset(self, queryset):
        return queryset.with_authors().defer("body", "synopsis", "film__synopsis")

    @admin.display(description="review", ordering="headline")
    def title(self, review):
        return review.title

    @admin.display(description="authors")
    def signed_by(self, review):
        return get_text_list([author["name"] for author in review.author_rows], "and") or None

    @admin.display(description="standing", ordering="published_at")
    def standing(self, review):
        public = review.state in (State.PUBLISHED, State.WITHDRAWN) and review.published_at
        when = in_words(review.published_at) if public else ""
        return format_html(
            '<span class="standing is-{}">{}</span> <span class="when">{}</span>',
            review.standing.lower().replace(" ", "-"),
            review.standing,
            when,
        )

    # --- Actions

    @admin.action(description="Publish", permissions=["publish"])
    def publish(self, request, queryset):
        self._each(
            request,
            queryset,
            _publish,
            "published",
            refuse=_why_not_now,
        )

    @admin.action(description="Withdraw from the site", permissions=["publish"])
    def withdraw(self, request, queryset):
        self._each(
            request,
            queryset,
            Review.withdraw,
            "withdrawn",
            refuse=lambda review: "" if review.state == State.PUBLISHED else "It is not published.",
        )

    @admin.action(description="Send back to draft", permissions=["publish"])
    def send_back(self, request, queryset):
        self._each(
            request,
            queryset,
            Review.send_back,
            "sent back to draft",
            refuse=lambda review: "It is a draft already." if review.state == State.DRAFT else "",
        )

    def _each(self, request, queryset, verb, done: str, refuse) -> None:
        """Do it to each review that allows it; say how many, and which could not and why."""
        count = 0
        for review in queryset.select_related("film"):
            try:
                if why := refuse(review):
                    raise ValidationError(why)
                verb(review)
            except ValidationError as error:
                why = " ".join(error.messages)
                self.message_user(request, f"“{review}” was not {done}: {why}", messages.WARNING)
            else:
                count += 1
                self.log_change(request, review, f"{done[0].upper()}{done[1:]} from the list.")
        if count:
            self.message_user(request, f"{count} {'review' if count == 1 else 'reviews'} {done}.", messages.SUCCESS)


def _publish(review: Review) -> None:
    review.publish()
    ask_for_card(review)


def _why_not_now(review: Review) -> str:
    """Why publishing from the list would change nothing."""
    if review.is_visible:
        return "Readers see it already."
    if review.is_scheduled:
        return f"It is scheduled for {in_words(review.published_at)}. Open it and change the date to publish it now."
    return ""


def _flat(field) -> tuple[str, ...]:
    return field if isinstance(field, tuple) else (field,)
