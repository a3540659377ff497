"""Pictures of all kinds are taken in, and keep to themselves where they were taken."""

import io
from pathlib import Path

import pillow_heif
import pytest
from django.core.files.images import ImageFile
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image as Drawing
from wagtail.images.forms import get_image_form
from wagtail.images.models import Image

ORIENTATION, MAKE, GPS = 0x0112, 0x010F, 0x8825
ON_ITS_SIDE = 6


def photograph() -> Image:
    """A photograph taken on its side, at a known place."""
    exif, content = Drawing.Exif(), io.BytesIO()
    exif[ORIENTATION], exif[MAKE] = ON_ITS_SIDE, "Tattletale"
    exif.get_ifd(GPS)[2] = (50.0, 26.0, 46.0)
    Drawing.new("RGB", (300, 200)).save(content, "JPEG", exif=exif)
    content.seek(0)
    return Image.objects.create(title="Photograph", file=ImageFile(content, "photograph.jpg"))


@pytest.mark.django_db
@pytest.mark.parametrize("ending", ["jpeg", "png", "webp", "avif"])
def test_no_rendition_tells_where_and_with_what_it_was_taken(ending):
    rendition = photograph().get_rendition(f"width-100|format-{ending}")
    assert b"Tattletale" not in Path(rendition.file.path).read_bytes()
    with Drawing.open(rendition.file.path) as made:
        assert not dict(made.getexif())
        assert made.height > made.width  # and yet it stands upright


def upload(content: bytes, name: str):
    form = get_image_form(Image)({"title": name, "collection": 1}, {"file": SimpleUploadedFile(name, content)})
    return form.save() if form.is_valid() else form.errors


def drawn(kind: str, size=(640, 400), **options) -> bytes:
    content = io.BytesIO()
    Drawing.new(options.pop("mode", "RGB"), size, 128).save(content, kind, **options)
    return content.getvalue()


@pytest.mark.django_db
def test_a_photograph_is_measured_as_it_stands():
    image = photograph()
    assert (image.width, image.height) == (200, 300)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("AVIF", "a.avif"), ("HEIF", "a.heic")]
)
def test_every_usual_kind_is_taken_and_becomes_avif_webp_and_jpeg(kind, name):
    pillow_heif.register_heif_opener()
    image = upload(drawn(kind), name)
    assert (image.width, image.height) == (640, 400)
    for ending in ("avif", "webp", "jpeg"):
        rendition = image.get_rendition(f"width-100|format-{ending}")
        with Drawing.open(rendition.file.path) as made:
            assert (made.format, made.width) == (ending.upper(), 100)


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "CMYK", "1", "I;16"])
def test_every_mode_of_colours_becomes_avif(mode):
    kind, name = ("JPEG", "a.jpg") if mode == "CMYK" else ("PNG", "a.png")
    image = upload(drawn(kind, mode=mode), name)
    assert image.get_rendition("width-100|format-avif").width == 100


@pytest.mark.django_db
def test_an_animation_is_shown_as_its_first_picture():
    frames = [Drawing.new("P", (200, 100), shade) for shade in (10, 200, 90)]
    content = io.BytesIO()
    frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
    rendition = upload(content.getvalue(), "a.gif").get_rendition("width-100|format-webp")
    with Drawing.open(rendition.file.path) as made:
        assert getattr(made, "n_frames", 1) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (
            b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
            "a.svg",
            "Not a supported image format",
        ),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "a.png", "Not a valid .png image"),
        (b"GIF89a", "a.gif", "Upload a valid image"),
        (b"words", "a.jpg", "Upload a valid image"),
        (drawn("PNG", (9_000, 9_000), mode="1"), "a.png", "too many pixels"),
        (drawn("PNG", (20_000, 20_000), mode="1"), "a.png", "too many pixels"),
    ],
)
def test_what_is_no_picture_or_a_bomb_is_refused_in_words(content, name, said):
    assert said in str(upload(content, name))
