"""What is drawn for those who cannot show our pages: cards, icons, the manifest."""

import io
import json

import pytest
from PIL import Image

from tests.pictures import uploaded
from tests.posts import draft, published
from tests.web.reading import got, page, structured
from tocsin.audience.models import Publication
from tocsin.content.models import PostPage
from tocsin.web import cards

pytestmark = pytest.mark.django_db

URL = "/the-bridge-is-closed/"
SITE = "http://news.example.org"


def card_of(url: str = URL) -> str:
    return page(url).xpath("string(//meta[@property='og:image']/@content)").removeprefix(SITE)


def picture(url: str) -> Image.Image:
    response = got(url)
    assert response["Content-Type"] == "image/png"
    return Image.open(io.BytesIO(response.content))


def test_a_post_without_a_picture_gets_a_card():
    published()
    path = card_of()
    assert picture(path).size == (1200, 630)
    assert structured(page(URL))["@graph"][0]["image"] == SITE + path


def test_a_post_with_a_picture_shows_its_own():
    published(lead_image=uploaded())
    assert card_of().startswith("/media/pictures/")


def test_what_is_on_a_card_decides_its_address():
    published()
    first = card_of()
    PostPage.objects.update(title="The bridge is open")
    second = card_of()
    Publication.objects.update(accent="#006633")
    third = card_of()
    assert len({first, second, third}) == 3
    assert got(first, 302)["Location"] == third


def test_a_title_that_cannot_be_drawn_has_no_card():
    published("橋は閉鎖", slug="hashi")
    assert card_of("/hashi/") == ""


def test_what_is_not_public_has_no_card():
    hidden = draft("Secret")
    got(f"/cards/{hidden.pk}-{'0' * 20}.png", 404)
    got("/cards/999999-x.png", 404)


@pytest.mark.parametrize("title", ["Brief", "Long words " * 40, "Donaudampfschifffahrt" * 12, "Тиха вода", "…"])
def test_any_title_fits(title):
    drawn = Image.open(io.BytesIO(cards.card(title, "The Example Gazette", "#9b2d1f", "Severe alert")))
    assert drawn.size == (1200, 630)
    lines, size = cards._fitted(title, 1040, 380)
    assert all(cards._width(line, size) <= 1040 for line in lines)
    assert len(lines) * size * 1.16 <= 380


def test_the_manifest_names_icons_that_are_there():
    assert page().xpath("//link[@rel='manifest']/@href") == ["/site.webmanifest"]
    facts = json.loads(got("/site.webmanifest").content)
    assert facts["name"] == "The Example Gazette"
    for icon in facts["icons"]:
        assert "x".join(map(str, picture(icon["src"]).size)) == icon["sizes"]
    got("/icon-100000.png", 404)


def test_browsers_that_ask_for_the_old_icon_get_one():
    assert picture("/favicon.ico").size == (192, 192)
