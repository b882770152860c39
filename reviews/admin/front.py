"""The home pages an editor composes: their list, and a form that holds rows and what is chosen for each."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.views.decorators.http import require_safe

from config.admin_base import Blocks, EditorAdmin, Rows
from config.admin_forms import GuardedForm, in_words
from reviews import roles
from reviews.admin.previews import PreviewsUnsaved, as_preview
from reviews.front import compose, composed_pages
from reviews.home import home_page
from reviews.models import FrontPage, FrontPick, FrontRow
from reviews.models.front import MOST_IN_ROW, MOST_ROWS


class RowBlocks(Blocks):
    model = FrontRow
    extra = 0
    max_num = MOST_ROWS
    autocomplete_fields = ["person", "tag", "season"]
    fields = [("kind", "position"), ("person", "tag", "season"), "heading", ("look", "length")]
    description = (
        f"At most {MOST_ROWS}, from top to bottom in the order of their places; without a place, a row goes to the end. "
        "A row that finds nothing is left out, and a rule passes over what stands elsewhere on the page. Reviews chosen "
        "by hand are named below, once the row is saved."
    )

    def get_formset(self, request, obj=None, **kwargs):
        return super().get_formset(request, obj, **kwargs | {"validate_max": True})


class PickRows(Rows):
    """What is chosen by hand for one row: an inline of that row on the page of its home page."""

    model = FrontPick
    max_num = MOST_IN_ROW * 2
    autocomplete_fields = ["review"]
    fields = ["review", "standing", "position"]
    readonly_fields = ["standing"]

    def __init__(self, row: FrontRow, admin_site):
        super().__init__(FrontRow, admin_site)
        self.row = row
        self.verbose_name_plural = f"Chosen for row {row.position}: {row}"
        if row.kind == FrontRow.Kind.VERDICT:
            self.description = "The first of them that readers see. Without any, the newest featured review."
        else:
            self.description = (
                f"The first {row.length} of them that readers see. What is not published yet shows in the preview."
            )

    def get_queryset(self, request):
        return roles.naming_open_reviews(request.user, super().get_queryset(request))

    @admin.display(description="readers")
    def standing(self, pick):
        if pick.pk is None:
            return ""
        return "see it" if pick.review.is_visible else f"do not: {pick.review.standing.lower()}"


@admin.register(FrontPage)
class FrontPageAdmin(PreviewsUnsaved, EditorAdmin):
    """Several may be prepared; one, or none, stands on the site."""

    form = GuardedForm
    list_display = ["name", "where", "saved"]
    autocomplete_fields = ["lead"]
    inlines = [RowBlocks]
    actions = ["put_on_site", "take_off_site", "copy"]
    fieldsets = [("The page", {"fields": ["name", "lead"]})]

    # --- Who changes what

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and self._may_touch(request, obj)

    def has_delete_permission(self, request, obj=None):
        return super().has_delete_permission(request, obj) and self._may_touch(request, obj)

    def _may_touch(self, request, page: FrontPage | None) -> bool:
        """Whether somebody decides what readers see, if that is what a change of the page does."""
        is_live = page is not None and getattr(page, "stored", page).is_live
        return not is_live or roles.may_publish(request.user)

    # --- The form

    def get_fieldsets(self, request, obj=None):
        """Without the lead for those who may not know of that review."""
        stored = getattr(obj, "stored", obj)
        if stored is None or stored.lead is None or roles.may_open(request.user, stored.lead):
            return self.fieldsets
        return [("The page", {"fields": ["name"]})]

    def get_inline_instances(self, request, obj=None):
        inlines = super().get_inline_instances(request, obj)
        if obj is None:
            return inlines
        picked = obj.rows.filter(kind__in=FrontRow.PICKING)
        chosen = [PickRows(row, self.admin_site) for row in picked]
        return inlines + [inline for inline in chosen if inline.has_view_or_change_permission(request)]

    def get_formset_kwargs(self, request, obj, inline, prefix):
        kwargs = super().get_formset_kwargs(request, obj, inline, prefix)
        if isinstance(inline, PickRows):
            kwargs |= {"instance": inline.row, "prefix": f"picks-{inline.row.pk}"}
        return kwargs

    def save_formset(self, request, form, formset, change):
        """What was chosen for a row goes with the row, if that is deleted in the same form."""
        if formset.model is FrontPick and not FrontRow.objects.filter(pk=formset.instance.pk).exists():
            formset.new_objects, formset.changed_objects, formset.deleted_objects = [], [], []
            return
        super().save_formset(request, form, formset, change)

    def save_state(self, obj):
        if obj is None:
            return super().save_state(obj)
        place = "On the site: what you save, readers see at once" if obj.is_live else "Not on the site"
        return f"{place}. Saved {in_words(obj.changed_at)}"

    def tools(self, request, obj):
        return [("Preview as saved", reverse("admin:reviews_frontpage_preview", args=[obj.pk]))]

    def view_on_site(self, obj):
        return reverse("home") if getattr(obj, "stored", obj).is_live else None

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        stored = getattr(obj, "stored", obj)
        context["is_on_site"] = bool(stored and stored.is_live)
        context["may_put_on_site"] = self.has_publish_permission(request)
        return super().render_change_form(request, context, add=add, change=change, form_url=form_url, obj=obj)

    def response_add(self, request, obj, post_url_continue=None):
        return self._put_or_take(request, obj) or super().response_add(request, obj, post_url_continue)

    def response_change(self, request, obj):
        return self._put_or_take(request, obj) or super().response_change(request, obj)

    def _put_or_take(self, request, obj: FrontPage) -> HttpResponse | None:
        """What the two other buttons of the save bar ask for, once the page is saved."""
        if "_preview" in request.POST:
            return None
        empty = obj.rows.filter(kind=FrontRow.Kind.PICKED, picks=None).first()
        if not ({"_put_on_site", "_take_off_site"} & request.POST.keys()) or not self.has_publish_permission(request):
            if empty and "_addanother" not in request.POST:
                words = f"Saved. Row {empty.position}, “{empty}”, is chosen by hand: name its reviews below, and save again."
                self.message_user(request, words, messages.WARNING)
                return HttpResponseRedirect(reverse("admin:reviews_frontpage_change", args=[obj.pk]))
            return None
        if "_put_on_site" in request.POST:
            obj.put_on_site()
            self.log_change(request, obj, "Put on the site.")
            self.message_user(request, f"Readers see “{obj}” now.", messages.SUCCESS)
        else:
            obj.take_off_site()
            self.log_change(request, obj, "Taken off the site.")
            self.message_user(request, "Readers see the automatic home page now.", messages.SUCCESS)
        return HttpResponseRedirect(reverse("admin:reviews_frontpage_changelist"))

    # --- The preview

    def get_urls(self):
        view = self.admin_site.admin_view(require_safe(self.preview))
        return [path("<int:pk>/preview/", view, name="reviews_frontpage_preview"), *super().get_urls()]

    def preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The home page as readers would see it, with such unpublished reviews as the person may open here."""
        page = get_object_or_404(FrontPage, pk=pk)
        if not self.has_view_permission(request, page):
            raise PermissionDenied
        return self.page_of(request, page)

    def page_of(self, request, obj, **context):
        page = composed_pages().get(pk=obj.pk)
        front = compose(page, roles.reviews_to_preview(request.user))
        return as_preview(home_page(request, front), front_page=page, **context)

    # --- The list

    @admin.display(description="readers", ordering="is_live")
    def where(self, page):
        return "see this one" if page.is_live else None

    @admin.display(description="saved", ordering="changed_at")
    def saved(self, page):
        return in_words(page.changed_at)

    def has_publish_permission(self, request):
        return self.has_change_permission(request) and roles.may_publish(request.user)

    @admin.action(description="Put on the site", permissions=["publish"])
    def put_on_site(self, request, queryset):
        chosen = list(queryset[:2])
        if len(chosen) != 1:
            self.message_user(request, "Only one home page can be on the site: choose one.", messages.WARNING)
            return
        chosen[0].put_on_site()
        self.log_change(request, chosen[0], "Put on the site.")
        self.message_user(request, f"Readers see “{chosen[0]}” now.", messages.SUCCESS)

    @admin.action(description="Take off the site: readers see the automatic home page", permissions=["publish"])
    def take_off_site(self, request, queryset):
        for page in queryset.filter(is_live=True):
            page.take_off_site()
            self.log_change(request, page, "Taken off the site.")
            self.message_user(request, "Readers see the automatic home page now.", messages.SUCCESS)

    @admin.action(description="Copy, to change the copy unseen", permissions=["add"])
    def copy(self, request, queryset):
        for page in queryset:
            other = page.copy()
            self.log_addition(request, other, f"Copied from “{page}”.")
            self.message_user(request, f"“{other}” was made. No reader sees it.", messages.SUCCESS)
