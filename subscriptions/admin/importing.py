"""Importing and exporting readers: a file is looked at first, then somebody states that there is consent."""

import logging
import time
import uuid
from pathlib import Path

from django.conf import settings
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
KEPT_SECONDS = 24 * 3600
TOO_LARGE = (
    "This file is larger than 3 MB, too much for one page. Whoever runs the site imports it with “manage.py "
    "import_subscribers FILE”, which has no limit."
)


def _folder() -> Path:
    """Where lists lie between the two steps: nobody but the site's own user can read it, and nothing serves it."""
    folder = settings.DATA_DIR / "imports"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _forget_old() -> None:
    for file in _folder().iterdir():
        if file.stat().st_mtime < time.time() - KEPT_SECONDS:
            file.unlink(missing_ok=True)


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
            _forget_old()
            name = uuid.uuid4()
            file = _folder() / f"{name}.csv"
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
    file, known_as = _folder() / f"{name}.csv", request.session.get(f"import:{name}")
    try:
        if known_as is None:
            raise FileNotFoundError
        if "consent" in request.POST:
            return _import(request, file, known_as)
        report = importing.run(file)
    except FileNotFoundError:
        messages.error(request, "This list is not here any more: it was imported, or it is too old. Choose it again.")
        return redirect("newsletters:import")
    except ValidationError as error:
        file.unlink(missing_ok=True)
        messages.error(request, " ".join(error.messages))
        return redirect("newsletters:import")
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
    response = StreamingHttpResponse(exporting.lines(), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="readers-{timezone.localdate():%Y-%m-%d}.csv"'
    return response
