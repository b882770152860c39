"""What the pages of this room have in common: who may open them, how they are drawn, and acts that ask first."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import wraps

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse

from config.admin_base import EditorAdmin, ListFilter


def page(permission: str) -> Callable:
    """Decorator: a page of the admin for who has this permission of the app."""

    def decorate(view: Callable) -> Callable:
        @wraps(view)
        def guarded(request, *args, **kwargs):
            if not request.user.has_perm(f"subscriptions.{permission}"):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return admin.site.admin_view(guarded)

    return decorate


def draw(request: HttpRequest, template: str, title: str, **context) -> TemplateResponse:
    """A page of this room."""
    context = admin.site.each_context(request) | {"title": title} | context
    return TemplateResponse(request, f"admin/subscriptions/{template}.html", context)


def filter_by(column: str, choices: Iterable[tuple[str, str]], title: str = "") -> type[ListFilter]:
    """A filter of a list by a column of few values; values that are none of them are passed over."""

    def lookups(self, request, model_admin):
        return list(choices)

    def queryset(self, request, queryset):
        return queryset.filter(**{column: self.value()}) if self.value() else queryset

    own = {"title": title or column, "parameter_name": column, "lookups": lookups, "queryset": queryset}
    return type(f"{column.title()}Filter", (ListFilter,), own)


@dataclass(frozen=True)
class Act:
    """Something that can be done with a record. `do` returns what a message says, or nothing if all was done before;
    with `warning` there is a step that explains and asks first."""

    words: str
    do: Callable
    permission: str
    offered: Callable
    warning: str = ""
    is_grave: bool = False


class RecordAdmin(EditorAdmin):
    """Records that are looked at and acted upon, and never edited field by field."""

    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    acts: dict[str, Act] = {}
    gone_url = ""  # where to go from a record that an act has deleted

    def has_add_permission(self, request):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def record_context(self, request, record) -> dict:
        """What the page of a record shows; the acts offered may depend on it."""
        return {}

    def record_name(self, request, record) -> str:
        return str(record)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        record = self.get_object(request, unquote(object_id))
        if record is None:
            return self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        if request.method == "POST":
            return self.perform(request, record)
        context = self.record_context(request, record)
        offered = {
            name: act
            for name, act in self.acts.items()
            if request.user.has_perm(act.permission) and act.offered(record, context)
        }
        return self.draw_record(request, self.opts.model_name, record, acts=offered, **context)

    def draw_record(self, request, template: str, record, **context) -> TemplateResponse:
        name = self.record_name(request, record)
        return draw(request, template, name, opts=self.opts, record=record, **context)

    def perform(self, request: HttpRequest, record) -> HttpResponse:
        """Do what a button asks for, after asking if it is grave. What was done meanwhile is not done again."""
        act = self.acts.get(request.POST.get("act", ""))
        if act is None:
            messages.error(request, "There is no such button. Nothing was done.")
            return redirect(request.path)
        if not request.user.has_perm(act.permission):
            raise PermissionDenied
        if act.warning and "sure" not in request.POST:
            return self.draw_record(request, "sure", record, act=act, name=request.POST["act"])
        done = act.do(record, request.user)
        if done:
            if record.pk:
                self.log_change(request, record, done)
            messages.success(request, done)
        else:
            messages.info(request, "Nothing was left to do: it had been done, or had gone on meanwhile.")
        return redirect(request.path if record.pk else self.gone_url)
