"""The mailbox of a demo: mail is kept as files instead of being sent, and the editors read it in the browser.

Whoever reads it can use every link in it, in anybody's name: that is the point of a demo, and why there is none of
this elsewhere."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email import message_from_binary_file, message_from_bytes
from email.message import EmailMessage
from email.policy import default as policy
from functools import wraps
from pathlib import Path

from django.conf import settings
from django.contrib import admin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.csp import CSP
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_safe

from config.adminsite import DeskLine, DeskSection

MOST_LISTED = 100
ON_DESK = 3
FRAMING = {"frame-src": [CSP.SELF]}
MAIL_CSP = {
    "default-src": [CSP.NONE],
    "style-src": [CSP.UNSAFE_INLINE],
    "img-src": [*settings.SECURE_CSP["img-src"], f"{settings.SITE_URL}/"],
    "base-uri": [CSP.NONE],
    "form-action": [CSP.NONE],
    "frame-ancestors": [CSP.SELF],
    "sandbox": ["allow-popups", "allow-top-navigation-by-user-activation"],
}


@dataclass(frozen=True)
class Kept:
    """One mail of the outbox."""

    name: str
    message: EmailMessage

    @property
    def url(self) -> str:
        return reverse("outbox:mail", args=[self.name])

    def header(self, name: str) -> str:
        return str(self.message[name] or "")

    @property
    def subject(self) -> str:
        return self.header("Subject")

    @property
    def to(self) -> str:
        return self.header("To")

    @property
    def date(self):
        return getattr(self.message["Date"], "datetime", None)

    def body(self, kind: str) -> str:
        """The words of its "plain" or "html" part; empty if it has none."""
        part = self.message.get_body((kind,))
        return (part.get_payload(decode=True) or b"").decode(errors="replace") if part else ""  # we write UTF-8


def kept_mails(most: int) -> Iterator[Kept]:
    """The newest mails: their headers are read, and nothing of their bodies that is not asked for."""
    folder = Path(settings.OUTBOX)
    names = sorted((file.name for file in folder.glob("*.eml")), reverse=True) if folder.is_dir() else []
    for name in names[:most]:
        with (folder / name).open("rb") as file:
            yield Kept(Path(name).stem, message_from_binary_file(file, policy=policy))


def kept_mail(name: str) -> Kept:
    """The mail with this name; Http404 if there is none."""
    try:
        raw = (Path(settings.OUTBOX) / f"{name}.eml").read_bytes()
    except OSError:
        raise Http404("There is no such mail.") from None
    return Kept(name, message_from_bytes(raw, policy=policy))


def in_demo_only(view: Callable) -> Callable:
    """A page for signed-in staff of a demo. Elsewhere there is no such page."""
    guarded = admin.site.admin_view(view)

    @wraps(view)
    def answer(request, *args, **kwargs):
        if not settings.DEMO:
            raise Http404("This is no demo.")
        return guarded(request, *args, **kwargs)

    return require_safe(answer)


@in_demo_only
def mail_list(request: HttpRequest) -> HttpResponse:
    """The newest mails."""
    context = {"title": "Sent mail", "mails": list(kept_mails(MOST_LISTED)), "most": MOST_LISTED}
    return TemplateResponse(request, "admin/outbox/list.html", admin.site.each_context(request) | context)


@in_demo_only
@csp_override(settings.ADMIN_CSP | FRAMING)
def mail(request: HttpRequest, name: str) -> HttpResponse:
    """One mail: its headers, and both its parts."""
    kept = kept_mail(name)
    context = {"title": kept.subject, "mail": kept, "headers": kept.message.items(), "text": kept.body("plain")}
    return TemplateResponse(request, "admin/outbox/mail.html", admin.site.each_context(request) | context)


@in_demo_only
@xframe_options_sameorigin
@csp_override(MAIL_CSP)
def mail_html(request: HttpRequest, name: str) -> HttpResponse:
    """The HTML part, as the sender wrote it, in a page of its own that may do nothing but be looked at."""
    html = kept_mail(name).body("html").replace("<head>", '<head><base target="_top">', 1)
    return HttpResponse(html)


app_name = "outbox"
urlpatterns = [
    path("", mail_list, name="list"),
    path("<slug:name>/", mail, name="mail"),
    path("<slug:name>/html/", mail_html, name="html"),
]


@admin.site.on_desk
def sent_mail(request: HttpRequest) -> DeskSection | None:
    """On the desk of a demo: the newest mails."""
    if not settings.DEMO:
        return None
    lines = [DeskLine(kept.subject, kept.url, [f"to {kept.to}"]) for kept in kept_mails(ON_DESK)]
    return DeskSection("Sent mail", lines, nothing="No mail yet.", more_url=reverse("outbox:list"))
