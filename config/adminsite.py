from collections.abc import Callable
from dataclasses import dataclass, field

from django.contrib.admin import AdminSite


@dataclass(frozen=True)
class DeskLine:
    """One thing on the desk: what it is, where it leads, and what there is to know of it."""

    name: str
    url: str
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class DeskSection:
    """A group of lines on the desk; `nothing` is what it says when there is none, or it is left out."""

    title: str
    lines: list[DeskLine]
    nothing: str = ""
    more_url: str = ""


class RushesAdminSite(AdminSite):
    """The editors' door: our words and our order of things, newest work first."""

    site_title = "Rushes"
    site_header = "Rushes"
    index_title = "The desk"
    site_url = "/"
    empty_value_display = "–"
    enable_nav_sidebar = False
    ORDER = ["reviews", "films", "people", "subscriptions", "taggit", "auth"]
    MODEL_ORDER = [
        "Review",
        "Capsule",
        "CriticQuote",
        "FrontPage",
        "Season",
        "Author",
        "Page",
        "Publication",
        "RatingMeaning",
        "Film",
        "Genre",
        "Mailing",
        "Subscriber",
        "Suppression",
    ]
    NAMES = {
        "subscriptions": "Newsletters",
        "taggit": "Tags",
        "auth": "Accounts",
        "django_tasks_db": "Background tasks",
    }
    MASTHEAD = ["Review", "Film", "Person", "Author", "Mailing"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.desk: list[Callable] = []
        self.tool_makers: dict[str, list[Callable]] = {}

    def on_desk(self, section: Callable) -> Callable:
        """Decorator: have the desk show what the function makes of a request, a DeskSection or None."""
        self.desk.append(section)
        return section

    def tool_for(self, label: str) -> Callable:
        """Decorator: have the pages of a model ("reviews.review") that stands lower show a link of ours beside
        "History": what the function makes of a request and a record, (words, address) or None."""

        def register(make: Callable) -> Callable:
            self.tool_makers.setdefault(label, []).append(make)
            return make

        return register

    def tools_for(self, request, obj) -> list[tuple[str, str]]:
        """The links other rooms have for a record."""
        return [tool for make in self.tool_makers.get(obj._meta.label_lower, []) if (tool := make(request, obj))]

    def index(self, request, extra_context=None):
        sections = [section for make in self.desk if (section := make(request))]
        return super().index(request, {"desk": sections} | (extra_context or {}))

    def each_context(self, request):
        context = super().each_context(request)
        models = {model["object_name"]: model for app in context["available_apps"] for model in app["models"]}
        context["masthead"] = [models[name] for name in self.MASTHEAD if name in models]
        return context

    def get_urls(self):
        """Without Django's "view on site" by number: it tells the address of what is not public yet."""
        return [url for url in super().get_urls() if getattr(url, "name", "") != "view_on_site"]

    def get_app_list(self, request, app_label=None):
        """Apps and their models in the order editors need them, not by alphabet."""
        apps = super().get_app_list(request, app_label)
        for app in apps:
            app["name"] = self.NAMES.get(app["app_label"], app["name"])
            app["models"].sort(key=lambda model: _place(self.MODEL_ORDER, model["object_name"]))
        return sorted(apps, key=lambda app: _place(self.ORDER, app["app_label"]))


def _place(order: list[str], name: str) -> int:
    return order.index(name) if name in order else len(order)
