"""Importing and exporting readers: a file is looked at first, then somebody states that there is consent."""

import logging
import uuid
from collections.abc import Iterator
from pathlib import Path

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from subscriptions import exporting, importing
from subscriptions.admin.forms import UploadForm
from subscriptions.admin.pages import draw, page

logger = logging.getLogger(__name__)

MOST_BYTES = 3 << 20  # some 50,000 lines: ten seconds
TOO_LARGE = (
    "This file is larger than 3 MB, too much for one page. Whoever runs the site imports it with “manage.py "
    "import_subscribers FILE”, which has no limit."
)


@page("add_subscriber")
@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest) -> HttpResponse:
    """The first step: take a file and look whether it is a list of readers."""
    form = UploadForm(request.POST, request.FILES) if request.method == "POST" else UploadForm()
    if form.is_bound and form.is_valid():
        given = form.cleaned_data["file"]
        if given.size > MOST_BYTES:
            form.add_error("file", TOO_LARGE)
        else:
            importing.forget_uploads()
            name = uuid.uuid4()
            file = importing.uploads() / f"{name}.csv"
            with file.open("xb") as kept:
                for chunk in given.chunks():
                    kept.write(chunk)
            request.session[f"import:{name}"] = given.name[:150]
            return redirect("newsletters:import-confirm", name)
    return draw(request, "import", "Import readers", form=form)


@page("add_subscriber")
@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, name: uuid.UUID) -> HttpResponse:
    """The second step: what would happen, and doing it once somebody has stated that there is consent."""
    file, known_as = importing.uploads() / f"{name}.csv", request.session.get(f"import:{name}")
    try:
        if known_as is None:
            raise FileNotFoundError
        if "consent" in request.POST:
            return _import(request, file, known_as)
        if "discard" in request.POST:
            return _discard(request, file, name)
        report = importing.run(file)
    except FileNotFoundError:
        messages.error(request, "This list is not here any more: it was imported, or it is too old. Choose it again.")
        return redirect("newsletters:import")
    except ValidationError as error:
        file.unlink(missing_ok=True)
        messages.error(request, " ".join(error.messages))
        return redirect("newsletters:import")
    if not report.changes_something:
        file.unlink(missing_ok=True)
    return draw(
        request,
        "import_confirm",
        "Import readers",
        report=report,
        file_name=known_as,
        statement=importing.STATEMENT,
        is_missing=request.method == "POST",
        new=report.counts[importing.Fate.NEW],
    )


def _discard(request: HttpRequest, file: Path, name: uuid.UUID) -> HttpResponse:
    file.unlink(missing_ok=True)
    request.session.pop(f"import:{name}")
    messages.success(request, "Nothing was imported, and the file is deleted.")
    return redirect("newsletters:import")


def _import(request: HttpRequest, file: Path, known_as: str) -> HttpResponse:
    """Import it, once: who presses a second time finds the file taken."""
    taken = file.with_suffix(".taken")
    file.rename(taken)
    try:
        report = importing.run(taken, importing.Origin(known_as, by=request.user.get_username()))
    finally:
        taken.unlink(missing_ok=True)
    logger.info("%s imported %s subscribers", request.user.pk, report.counts[importing.Fate.NEW])
    return draw(request, "import_done", "Import readers", report=report, file_name=known_as)


@page("view_addresses")
@require_POST
def export(request: HttpRequest) -> HttpResponse:
    """All readers with everything known of them, written as it is read."""
    logger.info("%s exported all subscribers", request.user.pk)
    return _table("readers", exporting.lines())


@page("view_addresses")
@require_POST
def export_kept_out(request: HttpRequest) -> HttpResponse:
    """Who is never written to, and whom no list brings back."""
    return _table("kept-out", exporting.kept_out_lines())


def _table(name: str, lines: Iterator[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{timezone.localdate():%Y-%m-%d}.csv"'
    return response
