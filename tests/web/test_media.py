"""Pictures are served; nothing else of the uploads is."""

from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from PIL import Image as Pixels
from wagtail.images.models import Image

from tests.pictures import uploaded
from tests.web.reading import got
from tocsin.web import pictures
from tocsin.web.pictures import Ending, Shape, picture

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_memories():
    """Wagtail remembers renditions by the number of their picture, which tests use again."""
    cache.clear()


def shown(image: Image | None = None) -> str:
    made = picture(image or uploaded(), Shape.THUMB, "")
    assert made is not None
    return made.src


def test_a_picture_is_served_to_keep():
    url = shown()
    answer = got(url)
    assert answer["Content-Type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"
    assert "max-age=31536000" in answer["Cache-Control"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "Set-Cookie" not in answer
    got(url, 304, **{"if-modified-since": answer["Last-Modified"]})


def test_the_original_is_not_served():
    got(uploaded().file.url, 404)


@pytest.mark.parametrize(
    "name",
    [
        "../original_images/secret.jpg",
        "..%2foriginal_images%2fsecret.jpg",
        "%2e%2e/original_images/secret.jpg",
        "..%5csecret.jpg",
        ".secret.jpg",
        "page.html",
        "drawing.svg",
        "a%00.jpg",
        "a" * 5000 + ".jpg",
        "nothing.jpg",
        "",
        "folder.jpg",
    ],
)
def test_nothing_else_can_be_reached(name):
    media = Path(settings.MEDIA_ROOT)
    (media / "original_images").mkdir(parents=True, exist_ok=True)
    (media / "images/folder.jpg").mkdir(parents=True, exist_ok=True)
    for path in ("original_images/secret.jpg", "images/page.html", "images/drawing.svg", "images/.secret.jpg"):
        (media / path).write_text("secret")
    got(f"/media/images/{name}", 404)


def test_it_is_made_when_it_is_first_asked_for_and_once():
    image = uploaded()
    url = shown(image)
    assert not image.renditions.exists()
    got(url)
    got(url)
    assert image.renditions.count() == 1


def test_browsers_that_take_avif_get_it():
    made = picture(uploaded(), Shape.THUMB, "")
    answer = got(made.avif.split()[0])
    assert answer["Content-Type"] == "image/avif"
    with Pixels.open(BytesIO(answer.content)) as avif:
        assert (avif.format, avif.size) == ("AVIF", (210, 140))


def test_a_machine_that_cannot_make_avif_shows_webp_and_one_without_webp_jpeg(monkeypatch):
    monkeypatch.setattr(pictures, "endings", lambda: (Ending.WEBP, Ending.JPG))
    made = picture(uploaded(), Shape.THUMB, "")
    assert (made.avif, made.src[-5:]) == ("", ".webp")
    monkeypatch.setattr(pictures, "endings", lambda: (Ending.JPG,))
    assert got(picture(uploaded(), Shape.THUMB, "").src)["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize(
    "wrong",
    [
        ("thumb-420.", "thumb-421."),
        ("thumb-420.", "poster-420."),
        (".webp", ".png"),
        (".webp", ".tiff"),
        ("thumb-420.webp", "thumb-420.webp.exe"),
        ("-420", "-99999"),
    ],
)
def test_nobody_can_have_others_made(wrong):
    got(shown().replace(*wrong), 404)


def test_a_picture_nobody_showed_cannot_be_guessed():
    url = shown()
    folder = url.split("/")[3]
    pk, tag = folder.split("-")
    got(url.replace(tag, tag[::-1]), 404)
    got(url.replace(folder, f"{int(pk) + 1}-{tag}"), 404)


def test_another_cut_has_another_address():
    image = uploaded()
    before = shown(image)
    image.focal_point_x, image.focal_point_y, image.focal_point_width, image.focal_point_height = 10, 10, 5, 5
    image.save()
    assert shown(image) != before
    got(before, 404)


@pytest.mark.parametrize("shape", list(Shape))
@pytest.mark.parametrize("size", [(1400, 1000), (300, 900), (500, 60)])
def test_the_size_on_the_page_is_the_size_of_the_picture(shape, size):
    image = uploaded(size=size)
    for width in shape.widths[-1:]:
        with Pixels.open(BytesIO(got(pictures.url(image, shape, width, Ending.WEBP)).content)) as made:
            wide, high = shape.size(image, width)
            assert abs(made.width - wide) <= 2, made.size
            assert abs(made.height - high) <= 2, made.size


def test_a_file_that_is_gone_or_broken_is_said_to_be_none():
    image = uploaded()
    url = shown(image)
    Path(image.file.path).write_bytes(b"broken")
    got(url, 404)
    Path(image.file.path).unlink()
    got(url, 404)
    assert picture(Image.objects.get(pk=image.pk), Shape.THUMB, "") is None
