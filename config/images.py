"""Pictures: checked and re-encoded when they come in, made into sizes by the worker, printed as <picture>.

A picture's file is named by its content, so an address never changes its bytes and can be cached for ever. Its
size in pixels is part of the name and its smaller sizes lie beside it: `stills/ab/abcd…-1920x804.jpg` has
`stills/ab/abcd…-1920x804-800.avif`. So a text that holds an address needs no look-up to print it well. The focal
point is applied by style sheet when a frame crops; moving it needs no new files.
"""

import hashlib
import io
import math
import re
import warnings
from dataclasses import dataclass
from pathlib import PurePosixPath

from django.apps import apps
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.tasks import task
from PIL import Image, ImageCms, ImageOps

from config.tasks import enqueue_on_commit, every

MAX_BYTES = 25 * 2**20
MAX_PIXELS = 50_000_000  # decoding more would take the server's memory
MIN_WIDTH = 320
MASTER_WIDTH = 2560
LONGEST_SHAPE = 6  # 1 to 6 or 6 to 1; a WebP file can have 16,383 pixels a side, so all sizes can be made
WIDTHS = (480, 800, 1280, 1920)
FALLBACK_WIDTH = 1280
FRAMES = (67, 75, 100, 120, 133, 137, 166, 178, 185, 200, 220, 235, 239)  # shapes the style sheet has, times 100
READABLE = ("JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF")
FORMATS = {  # ending: Pillow's name and how to save; qualities from the design language, section 7
    "avif": ("AVIF", {"quality": 52, "speed": 7, "max_threads": 1}),
    "webp": ("WEBP", {"quality": 66, "method": 4}),
    "jpg": ("JPEG", {"quality": 80, "optimize": True, "progressive": True}),
}


def check_and_reencode(upload) -> tuple[ContentFile, int, int]:
    """A new, clean picture file made from what somebody uploaded, with its width and height in pixels.

    Raises ValidationError, in words for the person who chose the file, if it is no picture, too large or too
    small. The size is read from the header before anything is decoded, so a "bomb" costs nothing. What comes
    out has no metadata (no camera, no place), stands upright, and is at most MASTER_WIDTH wide."""
    if upload.size > MAX_BYTES:
        raise ValidationError(
            f"This file has {upload.size / 2**20:.0f} MB; the most is {MAX_BYTES // 2**20} MB. Save it smaller and choose it again."
        )
    upload.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(upload, formats=READABLE)
    except Image.DecompressionBombError:
        raise ValidationError(_too_many_pixels()) from None
    except Exception:  # decoders of a dozen formats, each with errors of its own
        raise ValidationError(
            "This file is not a picture we can read, whatever its name says. Choose a JPEG, PNG, WebP or AVIF picture."
        ) from None
    if picture.width * picture.height > MAX_PIXELS:
        raise ValidationError(_too_many_pixels(picture.width, picture.height))
    try:
        if picture.format == "JPEG":
            picture.draft("RGB", (MASTER_WIDTH, MASTER_WIDTH))
        picture = ImageOps.exif_transpose(picture)
        has_alpha = "A" in picture.getbands() or "transparency" in picture.info
        if picture.mode.startswith("I;16"):  # Pillow would cut sixteen bits of grey off at the lowest eight
            picture = picture.point(lambda value: value / 256).convert("L")
        picture = _in_srgb(picture).convert("RGBA" if has_alpha else "RGB")
        picture.info = {}  # or a JPEG's comment would be written again
    except Exception:
        raise ValidationError(
            "This picture file is damaged or cut off. Save it again and choose it once more."
        ) from None
    if picture.width < MIN_WIDTH:
        raise ValidationError(f"This picture is {picture.width} pixels wide; it must be at least {MIN_WIDTH}.")
    if max(picture.size) > LONGEST_SHAPE * min(picture.size):
        raise ValidationError(
            f"This picture has {picture.width} × {picture.height} pixels; its long side may be at most {LONGEST_SHAPE} "
            "times its short one. Cut it and choose it again."
        )
    if picture.width > MASTER_WIDTH:
        picture = picture.resize(
            (MASTER_WIDTH, round(picture.height * MASTER_WIDTH / picture.width)),
            Image.LANCZOS,
        )
    data = io.BytesIO()
    if has_alpha:
        picture.save(data, "WEBP", quality=92, method=4)
    else:
        picture.save(data, "JPEG", quality=92, optimize=True)
    digest = hashlib.sha256(data.getvalue()).hexdigest()[:32]
    name = f"{digest}-{picture.width}x{picture.height}.{'webp' if has_alpha else 'jpg'}"
    return ContentFile(data.getvalue(), name=name), picture.width, picture.height


def _in_srgb(picture: Image.Image) -> Image.Image:
    """The picture in the colours of the web: those of its own profile (a camera's, a printer's) translated to sRGB."""
    profile = picture.info.get("icc_profile")
    if not profile or picture.mode not in ("RGB", "CMYK"):
        return picture
    try:
        return ImageCms.profileToProfile(
            picture, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):  # a broken profile is no reason to refuse the picture
        return picture


def _too_many_pixels(width: int = 0, height: int = 0) -> str:
    has = f"{width} × {height} pixels" if width else "too many pixels"
    return (
        f"This picture has {has}; the most is {MAX_PIXELS // 1_000_000} million. Save it smaller and choose it again."
    )


def widths_for(master_width: int) -> list[int]:
    """The widths made of a master: the standard ones it can fill, and its own where it is narrower than the next."""
    widths = [width for width in WIDTHS if width <= master_width]
    if master_width < WIDTHS[-1] and master_width not in widths:
        widths.append(master_width)
    return widths


def rendition_name(master: str, width: int, ending: str) -> str:
    """Where a size lies, beside its master."""
    path = PurePosixPath(master)
    return str(path.with_name(f"{path.stem}-{width}.{ending}"))


def make_renditions(storage, master: str) -> list[int]:
    """Make all sizes of a picture that are not there yet; returns the widths. Safe to run twice or beside itself."""
    with storage.open(master) as file:
        picture = Image.open(file)
        picture.load()
    widths = widths_for(picture.width)
    for width in sorted(widths, reverse=True):
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.LANCZOS)
        for ending, (name, options) in FORMATS.items():
            if ending == "jpg" and width not in (widths[0], fallback_width(widths)):
                continue
            target = rendition_name(master, width, ending)
            if storage.exists(target):
                if _is_whole(storage, target):
                    continue
                storage.delete(target)  # a worker was killed while it wrote
            data = io.BytesIO()
            flat = picture.convert("RGB") if ending == "jpg" else picture
            flat.save(data, name, **options)
            storage.save(target, ContentFile(data.getvalue()))
    return widths


def _is_whole(storage, name: str) -> bool:
    try:
        with storage.open(name) as file:
            Image.open(file).load()
    except Exception:
        return False
    return True


def fallback_width(widths: list[int]) -> int:
    """The width of the JPEG for browsers that know neither AVIF nor WebP."""
    return max((width for width in widths if width <= FALLBACK_WIDTH), default=widths[0])


@dataclass(frozen=True)
class Source:
    """One <source> of a <picture>."""

    type: str
    srcset: str


def sources(stem: str, widths: list[int]) -> list[Source]:
    """The modern formats of a picture in these widths; `stem` is its address without the ending."""
    return [
        Source(f"image/{ending}", ", ".join(f"{stem}-{width}.{ending} {width}w" for width in widths))
        for ending in ("avif", "webp")
        if widths
    ]


@dataclass(frozen=True)
class TextPicture:
    """A picture as its address in a text tells of it: width and height in pixels, and the sizes beside it."""

    width: int
    height: int
    sources: list[Source]


_IN_TEXT = re.compile(r"(?P<stem>.*-(?P<width>\d{1,5})x(?P<height>\d{1,5}))(?P<made>-\d+)?\.(jpg|webp)")


def text_picture(address: str) -> TextPicture | None:
    """What an address in a text tells; None if it is not one of ours. Sizes are known to be there only if the
    address is itself that of a size."""
    match = _IN_TEXT.fullmatch(address)
    if not match:
        return None
    width = int(match["width"])
    return TextPicture(width, int(match["height"]), sources(match["stem"], widths_for(width) if match["made"] else []))


def picture_path(picture: "Picture", filename: str) -> str:
    """Where a picture's file lies: its folder, then two letters of its name so that no folder grows huge."""
    return f"{picture.folder}/{filename[:2]}/{filename}"


class Picture(models.Model):
    """A picture file with what a page needs to print it. Subclasses say whose picture it is."""

    image = models.ImageField("picture", upload_to=picture_path, width_field="width", height_field="height")
    width = models.PositiveIntegerField(editable=False, default=0)
    height = models.PositiveIntegerField(editable=False, default=0)
    focal_x = models.PositiveSmallIntegerField(
        "focal point, across",
        default=50,
        validators=[MaxValueValidator(100)],
        help_text="Per cent from the left edge. What lies here stays in view when a frame crops the picture.",
    )
    focal_y = models.PositiveSmallIntegerField(
        "focal point, down",
        default=50,
        validators=[MaxValueValidator(100)],
        help_text="Per cent from the top edge.",
    )
    credit = models.CharField(
        "credit and rights",
        max_length=250,
        blank=True,
        help_text="Always printed with the picture: who made it, who owns it, by what right it is shown.",
    )
    widths = models.JSONField(
        editable=False,
        default=list,
        help_text="Widths made by the worker; empty while it waits.",
    )
    folder = "pictures"

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(focal_x__lte=100) & Q(focal_y__lte=100),
                name="%(app_label)s_%(class)s_focal_point_inside",
            ),
        ]

    def take(self, upload) -> None:
        """Check and re-encode an upload and make it this picture's file. Raises ValidationError."""
        self.image, _width, _height = check_and_reencode(upload)

    def save(self, *args, **kwargs):
        """Save; a new file loses the old sizes and asks the worker for its own."""
        if self.image and not self.image._committed:
            self.widths = []
        super().save(*args, **kwargs)
        if self.image and not self.widths:
            enqueue_on_commit(finish_picture, self._meta.label_lower, self.pk)

    def aspect(self) -> float:
        """Width over height."""
        return self.width / self.height if self.height else 1.85

    def ratio_class(self) -> str:
        """The class of the frame whose shape is nearest to the picture's own."""
        return f"ar-{min(FRAMES, key=lambda frame: abs(math.log(self.aspect() / (frame / 100))))}"

    def focus_classes(self) -> str:
        """The focal point as classes of the style sheet, in steps of ten per cent."""
        return f"fx-{round(self.focal_x / 10)} fy-{round(self.focal_y / 10)}"

    def sources(self) -> list[Source]:
        """What the <picture> offers, best first; nothing before the worker has made the sizes."""
        return sources(self._stem(), self.widths)

    def src(self) -> str:
        """The address of the JPEG for old browsers, or of the master before the sizes are made."""
        return f"{self._stem()}-{fallback_width(self.widths)}.jpg" if self.widths else self.image.url

    def thumbnail(self) -> str:
        """The address of the smallest size, or of the master before the sizes are made."""
        return f"{self._stem()}-{self.widths[0]}.webp" if self.widths else self.image.url

    def small_jpeg(self) -> str | None:
        """The address of the smallest JPEG, which mail shows in a row; None if the worker has not made it."""
        name = rendition_name(self.image.name, self.widths[0], "jpg") if self.widths else ""
        return self.image.storage.url(name) if name and self.image.storage.exists(name) else None

    def _stem(self) -> str:
        return self.image.url.rpartition(".")[0]


@task(queue_name="pictures")
def finish_picture(label: str, pk: int) -> None:
    """Make a picture's sizes and note them, unless its file was changed or deleted meanwhile."""
    model = apps.get_model(label)
    picture = model.objects.filter(pk=pk, widths=[]).exclude(image="").first()
    if picture is None:
        return
    widths = make_renditions(picture.image.storage, picture.image.name)
    model.objects.filter(pk=pk, image=picture.image.name).update(widths=widths)


@every(seconds=300)
def finish_forgotten_pictures() -> None:
    """Ask again for pictures whose sizes are missing, should a nudge have been lost."""
    for model in Picture.__subclasses__():
        for pk in model.objects.filter(widths=[]).exclude(image="").values_list("pk", flat=True)[:100]:
            finish_picture.enqueue(model._meta.label_lower, pk)
