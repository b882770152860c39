"""Pictures: what comes in is checked and made clean; what goes out really decodes."""

import io
import struct
import time
import tracemalloc
import zlib
from contextlib import suppress

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from config import images
from config.images import (
    FORMATS,
    check_and_reencode,
    fallback_width,
    finish_picture,
    make_renditions,
    rendition_name,
    widths_for,
)
from config.tasks import run_periodic
from films.models import Still
from tests.factories import FilmFactory, StillFactory, picture_file

SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="900" height="600"><script>alert(1)</script></svg>'
GPS, ORIENTATION, ARTIST = 0x8825, 0x0112, 0x013B
RED, BLUE = (200, 20, 20), (20, 20, 200)


def upload(picture, kind="JPEG", name="picture.jpg", **options):
    data = io.BytesIO()
    picture.save(data, kind, **options)
    return ContentFile(data.getvalue(), name=name)


def opened(file):
    file.seek(0)
    picture = Image.open(io.BytesIO(file.read()))
    picture.load()
    return picture


def exif(**facts):
    data = Image.Exif()
    data[ORIENTATION] = facts.get("orientation", 1)
    data[ARTIST] = "Somebody Secret"
    data.get_ifd(GPS)[1], data.get_ifd(GPS)[2] = "N", (52.0, 31.0, 12.0)
    return data


def complaint(file):
    with pytest.raises(ValidationError) as caught:
        check_and_reencode(file)
    return caught.value.messages[0]


def near(colour, other):
    return all(abs(one - two) < 40 for one, two in zip(colour, other, strict=False))


def bomb(width=20_000, height=10_000):
    """A PNG of 200 million pixels in some 25 kB."""

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + width // 8)
    rows = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


# --- Coming in


def test_place_camera_and_comment_are_stripped():
    file = upload(
        Image.new("RGB", (640, 360), RED),
        exif=exif(),
        comment=b"Somebody Secret",
        xmp=b"<x:xmpmeta>Somebody Secret</x:xmpmeta>",
    )
    assert b"Somebody Secret" in file.read()

    clean, width, height = check_and_reencode(file)

    picture = opened(clean)
    assert (width, height, picture.size, picture.format) == (640, 360, (640, 360), "JPEG")
    assert not picture.getexif()
    assert not {"exif", "comment", "xmp"} & set(picture.info)
    clean.seek(0)
    assert b"Secret" not in clean.read()


def test_words_in_a_png_are_stripped():
    words = PngInfo()
    words.add_text("Author", "Somebody Secret")
    picture = Image.new("RGBA", (640, 360), (*RED, 100))

    clean, _, _ = check_and_reencode(upload(picture, "PNG", pnginfo=words, exif=exif()))

    clean.seek(0)
    assert b"Secret" not in clean.read()


@pytest.mark.parametrize(("orientation", "corner"), [(1, (0, 0)), (3, (-1, -1)), (6, (-1, 0)), (8, (0, -1))])
def test_picture_taken_sideways_stands_upright(orientation, corner):
    picture = Image.new("RGB", (800, 600), BLUE)
    picture.paste(RED, (0, 0, 400, 300))

    clean, width, height = check_and_reencode(upload(picture, exif=exif(orientation=orientation)))

    assert (width, height) == ((600, 800) if orientation in (6, 8) else (800, 600))
    upright = opened(clean)
    x, y = (20 if place == 0 else size - 20 for place, size in zip(corner, upright.size, strict=True))
    assert near(upright.getpixel((x, y)), RED)
    assert near(upright.getpixel((width - x, height - y)), BLUE)


def test_transparent_picture_stays_transparent():
    picture = Image.new("RGBA", (640, 360), (*RED, 255))
    picture.paste((0, 0, 0, 0), (0, 0, 320, 360))

    clean, _, _ = check_and_reencode(upload(picture, "PNG"))

    kept = opened(clean)
    assert (kept.format, kept.mode, clean.name[-5:]) == ("WEBP", "RGBA", ".webp")
    assert kept.getpixel((10, 10))[3] == 0
    assert near(kept.getpixel((600, 10)), (*RED, 255))


def test_palette_with_a_transparent_colour_stays_transparent():
    picture = Image.new("P", (640, 360), 0)
    picture.putpalette([*RED, *BLUE])

    clean, _, _ = check_and_reencode(upload(picture, "PNG", transparency=0))

    assert opened(clean).getpixel((10, 10))[3] == 0


@pytest.mark.parametrize("mode", ["CMYK", "L", "1", "P", "I;16", "LA", "YCbCr"])
def test_picture_in_any_colour_mode_is_taken(mode):
    picture = Image.new("L", (640, 360), 200).convert(mode if mode != "I;16" else "I").convert(mode)
    kind = {"CMYK": "JPEG", "YCbCr": "JPEG"}.get(mode, "PNG")

    clean, width, _ = check_and_reencode(upload(picture, kind))

    assert width == 640
    assert opened(clean).mode in ("RGB", "RGBA")


def test_print_colours_come_out_as_they_look():
    clean, _, _ = check_and_reencode(upload(Image.new("RGB", (640, 360), RED).convert("CMYK")))

    assert near(opened(clean).getpixel((5, 5)), RED)


def test_animation_becomes_its_first_picture():
    frames = [Image.new("RGB", (640, 360), colour) for colour in (RED, BLUE)]

    clean, _, _ = check_and_reencode(upload(frames[0], "GIF", save_all=True, append_images=frames[1:]))

    kept = opened(clean)
    assert getattr(kept, "n_frames", 1) == 1
    assert near(kept.convert("RGB").getpixel((5, 5)), RED)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"])
def test_kind_is_known_by_content_whatever_the_name(kind):
    clean, width, height = check_and_reencode(upload(Image.new("RGB", (640, 360), RED), kind, name="notes.txt"))

    assert (width, height) == (640, 360)
    assert clean.name.endswith(".jpg")


def test_large_picture_is_made_as_wide_as_we_keep():
    clean, width, height = check_and_reencode(upload(Image.new("RGB", (5120, 2880), RED)))

    assert (width, height) == opened(clean).size == (2560, 1440)


def test_same_picture_has_the_same_name_and_another_has_another():
    names = [check_and_reencode(picture_file(colour=colour))[0].name for colour in (RED, RED, BLUE)]

    assert names[0] == names[1] != names[2]


@pytest.mark.parametrize(
    "data",
    [
        SVG,
        b"Just some text.",
        b"",
        b"\xff\xd8\xff\xe0",
        b"GIF89a",
        b"%PDF-1.4",
        b"PK\x03\x04" + bytes(100),
        b"BM" + bytes(60),
    ],
)
def test_file_that_is_no_picture_is_refused_whatever_its_name(data):
    assert "not a picture we can read, whatever its name says" in complaint(ContentFile(data, name="a.jpg"))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_cut_off_picture_is_refused(kind):
    data = upload(Image.effect_noise((640, 360), 90).convert("RGB"), kind).read()

    message = complaint(ContentFile(data[: len(data) // 2], name="a.jpg"))

    assert "damaged or cut off" in message or "not a picture we can read" in message


def test_picture_of_200_million_pixels_is_refused_before_it_is_decoded():
    data = bomb()
    assert len(data) < 100_000
    tracemalloc.start()
    began = time.perf_counter()

    message = complaint(ContentFile(data, name="a.png"))

    took, (_, most) = time.perf_counter() - began, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "20000 × 10000 pixels; the most is 50 million" in message or "too many pixels" in message
    assert took < 0.5
    assert most < 2 * 2**20


def test_picture_of_60_million_pixels_is_refused_with_its_size():
    assert "has 10000 × 6000 pixels; the most is 50 million" in complaint(ContentFile(bomb(10_000, 6000), name="a.png"))


def test_file_of_30_megabytes_is_refused_unread():
    file = ContentFile(b"x", name="a.jpg")
    file.size = 30 * 2**20

    assert complaint(file).startswith("This file has 30 MB; the most is 25 MB.")


def test_small_picture_is_refused():
    assert complaint(picture_file(319, 400)) == "This picture is 319 pixels wide; it must be at least 320."


@pytest.mark.parametrize(("width", "height"), [(10_000, 4), (320, 12_000)])
def test_picture_like_a_thread_is_refused(width, height):
    message = complaint(picture_file(width, height))

    assert f"has {width} × {height} pixels; its long side may be at most 6 times" in message


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "AVIF", "GIF", "TIFF"])
def test_damaged_bytes_are_refused_or_read_but_never_an_error(kind, seed):
    data = bytearray(upload(Image.effect_noise((330, 330), 90).convert("RGB"), kind).read())
    for place in range(seed, min(len(data), 900), 7 + seed):
        damaged = bytes(data[:place]) + bytes([data[place] ^ 0xFF]) + bytes(data[place + 1 :])
        if place % 5:
            continue
        with suppress(ValidationError):
            check_and_reencode(ContentFile(damaged, name="a.jpg"))


# --- Sizes


@pytest.mark.parametrize(
    ("master", "widths"),
    [
        (2560, [480, 800, 1280, 1920]),
        (1920, [480, 800, 1280, 1920]),
        (1900, [480, 800, 1280, 1900]),
        (800, [480, 800]),
        (640, [480, 640]),
        (320, [320]),
    ],
)
def test_sizes_are_the_standard_ones_a_master_can_fill_and_its_own(master, widths):
    assert widths_for(master) == widths


@pytest.mark.parametrize(("widths", "fallback"), [([480, 800, 1280, 1920], 1280), ([480, 640], 640), ([320], 320)])
def test_old_browsers_get_a_middling_jpeg(widths, fallback):
    assert fallback_width(widths) == fallback


@pytest.mark.parametrize(("mode", "ending"), [("RGB", "jpg"), ("RGBA", "webp")])
def test_all_sizes_are_made_and_decode(mode, ending):
    data = io.BytesIO()
    Image.new(mode, (1400, 700), RED).save(data, "JPEG" if ending == "jpg" else "WEBP")
    master = default_storage.save(f"stills/ab/abcd.{ending}", ContentFile(data.getvalue()))

    widths = make_renditions(default_storage, master)

    assert widths == [480, 800, 1280, 1400]
    made = [(width, kind) for width in widths for kind in ("avif", "webp")] + [(480, "jpg"), (1280, "jpg")]
    for width, kind in made:
        with default_storage.open(rendition_name(master, width, kind)) as file:
            picture = Image.open(file)
            picture.load()
        assert (picture.format, picture.size) == (FORMATS[kind][0], (width, width // 2))
        assert near(picture.convert("RGB").getpixel((9, 9)), RED)
    _, files = default_storage.listdir("stills/ab")
    assert len(files) == 1 + len(made)


def test_second_run_makes_nothing(monkeypatch):
    master = default_storage.save("stills/ab/abcd.jpg", picture_file(800, 400))
    make_renditions(default_storage, master)
    monkeypatch.setattr(default_storage, "save", pytest.fail)

    assert make_renditions(default_storage, master) == [480, 800]


def test_interrupted_run_is_finished_by_the_next():
    master = default_storage.save("stills/ab/abcd.jpg", picture_file(800, 400))
    make_renditions(default_storage, master)
    lost = rendition_name(master, 480, "avif")
    default_storage.delete(lost)

    make_renditions(default_storage, master)

    assert default_storage.exists(lost)


@pytest.mark.django_db
def test_saved_picture_gets_its_sizes_from_the_worker(django_capture_on_commit_callbacks):
    still = Still(film=FilmFactory())
    still.take(picture_file(900, 600))

    with django_capture_on_commit_callbacks(execute=True):
        still.save()

    still.refresh_from_db()
    assert still.widths == [480, 800, 900]
    assert (still.width, still.height) == (900, 600)
    assert [source.type for source in still.sources()] == ["image/avif", "image/webp"]
    for source in still.sources():
        for address in source.srcset.split(", "):
            assert default_storage.exists(address.split()[0].removeprefix("/media/"))
    assert default_storage.exists(still.src().removeprefix("/media/"))


@pytest.mark.django_db
def test_picture_is_shown_as_it_is_until_the_worker_has_made_its_sizes():
    still = StillFactory()

    assert (still.sources(), still.src()) == ([], still.image.url)


@pytest.mark.django_db
def test_file_replaced_while_its_sizes_are_made_keeps_waiting_for_its_own(monkeypatch):
    still = StillFactory(image=picture_file(900, 600, name="first.jpg"))
    other = StillFactory(image=picture_file(640, 360, name="second.jpg"))
    made = images.make_renditions

    def while_somebody_replaces_it(storage, master):
        widths = made(storage, master)
        Still.objects.filter(pk=still.pk).update(image=other.image.name)
        return widths

    monkeypatch.setattr(images, "make_renditions", while_somebody_replaces_it)
    finish_picture.func("films.still", still.pk)
    still.refresh_from_db()
    assert still.widths == []

    monkeypatch.setattr(images, "make_renditions", made)
    finish_picture.func("films.still", still.pk)
    still.refresh_from_db()
    assert still.widths == [480, 640]


@pytest.mark.django_db
def test_deleted_picture_is_no_work():
    finish_picture.func("films.still", 12345)


@pytest.mark.django_db
def test_new_file_of_a_picture_loses_the_old_sizes():
    still = StillFactory(image=picture_file(900, 600))
    finish_picture.func("films.still", still.pk)
    still.refresh_from_db()
    assert still.widths == [480, 800, 900]

    still.take(picture_file(640, 360))
    still.save()

    assert Still.objects.get().widths == []


@pytest.mark.django_db
def test_forgotten_pictures_are_finished_by_a_sweep():
    for _ in range(2):
        StillFactory()  # its task is lost: this transaction is never committed
    assert [still.widths for still in Still.objects.all()] == [[], []]

    run_periodic(timezone.now())

    assert [still.widths for still in Still.objects.all()] == [[480, 640], [480, 640]]


@pytest.mark.parametrize(("x", "y", "classes"), [(50, 50, "fx-5 fy-5"), (0, 100, "fx-0 fy-10"), (44, 96, "fx-4 fy-10")])
def test_focal_point_is_given_as_classes(x, y, classes):
    assert Still(focal_x=x, focal_y=y).focus_classes() == classes


@pytest.mark.django_db
def test_picture_lies_in_a_folder_of_its_kind_and_name():
    still = Still(film=FilmFactory())
    still.take(picture_file())
    still.save()

    name = still.image.name.rpartition("/")[2]
    assert still.image.name == f"stills/{name[:2]}/{name}"


def test_size_cut_off_by_a_killed_worker_is_made_again(db):
    master = default_storage.save("stills/ab/abcdef.jpg", picture_file(900, 500))
    make_renditions(default_storage, master)
    cut = "stills/ab/abcdef-480.webp"
    with default_storage.open(cut) as file:
        half = file.read()[:200]
    default_storage.delete(cut)
    default_storage.save(cut, ContentFile(half))

    make_renditions(default_storage, master)

    with default_storage.open(cut) as file:
        assert Image.open(file).convert("RGB").size[0] == 480


@pytest.mark.parametrize("kind", ["sRGB", "LAB"])  # one that fits an RGB picture, and one that cannot
def test_colour_profile_is_used_and_left_out(kind):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(kind)).tobytes()
    data = io.BytesIO()
    Image.new("RGB", (400, 400), (200, 10, 10)).save(data, "JPEG", icc_profile=profile)

    file, width, _height = check_and_reencode(ContentFile(data.getvalue(), name="odd.jpg"))

    picture = Image.open(file)
    assert width == 400
    assert "icc_profile" not in picture.info
    assert all(abs(seen - given) < 6 for seen, given in zip(picture.getpixel((9, 9)), (200, 10, 10), strict=True))


def test_sixteen_bit_grey_keeps_its_tones():
    data = io.BytesIO()
    Image.new("I;16", (400, 300), 32768).save(data, "PNG")

    file, _width, _height = check_and_reencode(ContentFile(data.getvalue(), name="scan.png"))

    assert all(abs(tone - 128) < 3 for tone in Image.open(file).getpixel((9, 9)))
