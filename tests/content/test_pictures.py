"""Pictures keep to themselves where they were taken."""

import io
from pathlib import Path

import pytest
from django.core.files.images import ImageFile
from PIL import Image as Drawing
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
@pytest.mark.parametrize("ending", ["jpeg", "png", "webp"])
def test_no_rendition_tells_where_and_with_what_it_was_taken(ending):
    rendition = photograph().get_rendition(f"width-100|format-{ending}")
    assert b"Tattletale" not in Path(rendition.file.path).read_bytes()
    with Drawing.open(rendition.file.path) as made:
        assert not dict(made.getexif())
        assert made.height > made.width  # and yet it stands upright
