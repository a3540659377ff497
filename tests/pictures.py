"""Pictures for tests: drawn, uploaded as an editor would."""

import io

from django.core.files.images import ImageFile
from PIL import Image as Drawing
from wagtail.images.models import Image


def uploaded(title: str = "Harbour", size: tuple[int, int] = (480, 300)) -> Image:
    """An image in the newsroom's library."""
    content = io.BytesIO()
    Drawing.new("RGB", size, "#456").save(content, "JPEG")
    content.seek(0)
    return Image.objects.create(title=title, file=ImageFile(content, f"{title}.jpg"), width=size[0], height=size[1])
