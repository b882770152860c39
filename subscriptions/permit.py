"""Which copy of the database may send letters.

A database restored from a backup does not know what was sent since; a copy on another machine would send everything
a second time. So the site's name and a number that only grows stand in the database and, outside it, in a stamp: a file
in DATA_DIR, or, with MEDIA_STORAGE=s3, an object in the bucket that all machines share. Where the two do not fit
together nothing is sent until a person says so.

A file also knows which file it is: a folder that was restored or copied as a whole is noticed as well."""

import contextlib
import fcntl
import json
import logging
import os
import struct
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import IO

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db.models import F
from django.utils import timezone

from config.tasks import every
from subscriptions import control, digests, releases
from subscriptions.models import SendingPermit

logger = logging.getLogger(__name__)

STAMP = "sending-permit.json"
A_MOMENT = 1  # seconds: another worker may have told the database, and be about to write the stamp
DRAFT_SECONDS = 3600  # an older draft of the stamp is nobody's
GET_GENERATION = 0x8000_7601 | struct.calcsize("l") << 16
"""Linux's FS_IOC_GETVERSION."""


def may_send(now: datetime | None = None) -> bool:
    """Whether this database may send letters."""
    return held_since(now) is None


def held_since(now: datetime | None = None) -> datetime | None:
    """Since when this database may not send letters; None if it may.

    A fresh site gets its permit here, without being asked. A copy that is found out here stays held, even if what it
    lacked comes back."""
    permit, stamp, fault = _look()
    if fault and permit.held_since is None and not _is_fresh(permit, stamp):
        time.sleep(A_MOMENT)
        permit, stamp, fault = _look()
    if fault and _is_fresh(permit, stamp):
        count_up()
    elif fault and permit.held_since is None:
        logger.error("No letters are sent until somebody allows it: %s", fault)
        SendingPermit.objects.filter(pk=1, held_since=None).update(held_since=now or timezone.now())
        permit.refresh_from_db(fields=["held_since"])
    return permit.held_since


def why_not() -> str:
    """Why this database may not send letters, in words for the page where a person can allow it; else empty.

    Only looks: pages ask it."""
    stamp = _read()
    permit = SendingPermit.objects.filter(pk=1).first() or SendingPermit()
    fault = _fault(permit, stamp)
    if permit.held_since is None:
        return "" if _is_fresh(permit, stamp) else fault
    return fault or "This database was found to be a copy. Somebody must say that it may send letters."


@every(seconds=60)
def settle() -> bool:
    """Give a fresh site its stamp before there is anything to send: from then on a copy of it is known to be one."""
    return may_send()


def _look() -> tuple[SendingPermit, dict | None, str]:
    """Both sides, and what is wrong between them. The stamp first: what it says, the database knows already."""
    stamp = _read()
    permit = SendingPermit.current()
    return permit, stamp, _fault(permit, stamp)


def _is_fresh(permit: SendingPermit, stamp: dict | None) -> bool:
    """Whether there never was a stamp: the first one makes the number 1."""
    return stamp is None and permit.number == 0 and permit.held_since is None


def _fault(permit: SendingPermit, stamp: dict | None) -> str:
    if stamp is None:
        return "This looks like a copy of the site: nothing beside the database says that it may send letters."
    if stamp["site"] != permit.site:
        return "This is the database of another site, or was begun anew beside an older one."
    if stamp["address"] != settings.SITE_URL:
        return f"The site was at {stamp['address']} when it last sent letters, and is now at {settings.SITE_URL}."
    if stamp["number"] > permit.number:
        return "The database was restored from a backup: letters have been sent that it knows nothing of."
    if not _is_shared() and stamp["file"] != stamp["is"]:
        return "The folder of the site was restored from a backup or copied here."
    return ""


def count_up() -> None:
    """Note, in the database and then outside it, that letters are being sent.

    In this order a process killed in between leaves the higher number in the database, which is no fault."""
    SendingPermit.objects.filter(pk=1).update(number=F("number") + 1)
    _write(SendingPermit.objects.get(pk=1))


def allow(by) -> None:
    """A person says that this database may send letters. It cannot know which of its mailings were sent meanwhile, so
    those that are not over are held, each until somebody says so."""
    now = timezone.now()
    releases.release_due(now)
    digests.make_due(now)
    control.hold_everything("It may have been sent before this copy of the database was made.")
    permit, stamp = SendingPermit.current(), _read()
    permit.number = max(permit.number, stamp["number"] if stamp else 0) + 1
    permit.site = str(uuid.uuid4())
    permit.held_since = None
    permit.save(update_fields=["number", "site", "held_since"])
    _write(permit)
    logger.warning("%s allowed this database to send letters", by)


# --- The stamp ------------------------------------------------------------------------------------


def _is_shared() -> bool:
    return settings.MEDIA_STORAGE == "s3"


def _path() -> Path:
    return settings.DATA_DIR / STAMP


def _read() -> dict | None:
    """The stamp; None where there is none, and for one that cannot be read."""
    try:
        with default_storage.open(STAMP) if _is_shared() else _path().open() as file:
            stamp = json.load(file)
            found = {} if _is_shared() else {"is": _which(file)}
        return {name: stamp[name] for name in ("site", "address", "number", "file")} | found
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError):
        logger.warning("The sending permit beside the database cannot be read")
        return None


def _write(permit: SendingPermit) -> None:
    stamp = {"site": permit.site, "address": settings.SITE_URL, "number": permit.number, "file": None}
    if _is_shared():
        default_storage.save(STAMP, ContentFile(json.dumps(stamp).encode()))  # overwrites: config/s3.py
        return
    draft = _path().with_name(f"{STAMP}.{uuid.uuid4().hex}")
    with draft.open("w") as file:
        json.dump(stamp | {"file": _which(file)}, file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(_path())
    for left in _path().parent.glob(f"{STAMP}.*"):  # by a process that was killed
        with contextlib.suppress(FileNotFoundError):  # another process has finished or removed it
            if left.stat().st_mtime < time.time() - DRAFT_SECONDS:
                left.unlink()


def _which(file: IO) -> list[int | None]:
    """Which file it is: the number of its inode, which file systems use again, and the generation of that number,
    which they do not, where the file system tells it. Neither changes when the folder is moved or given to another
    user, and neither comes along with a copy."""
    return [os.fstat(file.fileno()).st_ino, _generation(file)]


def _generation(file: IO) -> int | None:
    try:
        return struct.unpack("=I", fcntl.ioctl(file, GET_GENERATION, bytes(struct.calcsize("l")))[:4])[0]
    except OSError:
        return None
