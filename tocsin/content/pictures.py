"""What a picture may tell: itself, not where, when and with whose camera it was taken.

Willow copies a photograph's EXIF, the place included, into every JPEG and PNG made from it: those on pages and in mail.
"""

from willow.plugins.pillow import PillowImage


def forget_the_camera() -> None:
    """From now on no rendition carries EXIF. Which way up it is was applied before, by Wagtail."""
    PillowImage.get_exif_data = lambda _: None
