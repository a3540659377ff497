"""Pictures are served; nothing else of the uploads is."""

from pathlib import Path

import pytest
from django.conf import settings

from tests.pictures import uploaded
from tests.web.reading import got
from tocsin.web.pictures import Shape, picture

pytestmark = pytest.mark.django_db


def shown() -> str:
    made = picture(uploaded(), Shape.THUMB, "")
    assert made is not None
    return made.src


def test_a_rendition_is_served_to_keep():
    url = shown()
    answer = got(url)
    assert answer["Content-Type"] == "image/webp"
    assert answer.content[8:12] == b"WEBP"
    assert "max-age=2592000" in answer["Cache-Control"]
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
