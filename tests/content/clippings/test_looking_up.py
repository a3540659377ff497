"""A page is looked up once, through the door, outside the transaction of who saved; its picture is redrawn as ours."""

from io import BytesIO

import pytest
from django.core.files.storage import default_storage
from django_tasks_db.models import DBTaskResult
from PIL import Image

from tests.outside.servers import door, page, serving
from tests.posts import draft, publish, published
from tocsin.content.clippings import actions, pictures
from tocsin.content.clippings.models import Clipping
from tocsin.lib.errors import Refused

pytestmark = pytest.mark.django_db

HEAD = (
    b"<title>The tide</title><meta property=og:image content=/tide.png><meta name=description content='How it rises.'>"
)


def drawn(kind="PNG", size=(1600, 900), mode="RGB", **options) -> bytes:
    file = BytesIO()
    Image.new(mode, size, "#345").save(file, kind, **options)
    return file.getvalue()


def site(picture: bytes):
    def answer(connection, head):
        is_picture = head.split()[1] == "/tide.png"
        connection.sendall(page(picture) if is_picture else page(HEAD, Content_Type="text/html; charset=utf-8"))

    return answer


def looked_up(server, url="") -> Clipping:
    clipping = Clipping.objects.create(url=url or server.url())
    actions.look_up(clipping, door(server))
    clipping.refresh_from_db()
    return clipping


def enqueued() -> list[list[int]]:
    """The look-ups that wait for a worker; Wagtail has tasks of its own."""
    return [task.args_kwargs["args"] for task in DBTaskResult.objects.filter(task_path__endswith=".look_up_soon")]


def linking(url, **words):
    return [("link", {"url": url, "title": "", "description": "", **words})]


def test_saving_a_draft_wants_its_pages_once_each():
    post = draft(body=linking("https://paper.example/a") + linking("HTTPS://paper.example:443/a#part"))
    publish(post)
    assert [clipping.url for clipping in Clipping.objects.all()] == ["https://paper.example/a"]
    assert len(enqueued()) == 1


def test_what_is_no_address_is_not_wanted():
    draft(body=linking("http://user@paper.example/"))
    assert not Clipping.objects.exists()


def test_the_page_and_its_picture_are_kept():
    with serving(site(drawn())) as server:
        clipping = looked_up(server)
    assert (clipping.title, clipping.description, clipping.site_name) == ("The tide", "How it rises.", "there.example")
    assert (clipping.picture_width, clipping.picture_height) == (640, 360)
    with default_storage.open(f"images/{clipping.picture}") as file, Image.open(file) as kept:
        assert (kept.format, kept.size) == ("JPEG", (640, 360))
    assert clipping.looked_up_at
    assert not clipping.trouble


@pytest.mark.parametrize(
    "picture",
    [b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>", drawn(size=(1, 1)), drawn()[:60], drawn(kind="BMP")],
)
def test_without_a_good_picture_the_page_is_kept_without(picture):
    with serving(site(picture)) as server:
        clipping = looked_up(server)
    assert (clipping.title, clipping.picture) == ("The tide", "")


def test_a_page_that_cannot_be_read_says_why_and_keeps_what_was_known():
    with serving(site(drawn())) as server:
        clipping = looked_up(server)
        server.handler = lambda connection, _: connection.sendall(page(b"", "503 Service Unavailable"))
        assert not actions.look_up(clipping, door(server))
    clipping.refresh_from_db()
    assert "answered with 503" in clipping.trouble
    assert clipping.title == "The tide"


def test_a_file_is_no_page():
    with serving(page(drawn(), Content_Type="image/png")) as server:
        assert "no page but a file (image/png)" in looked_up(server).trouble


def test_the_real_door_does_not_open_to_this_machine():
    with serving(site(drawn())) as server:
        clipping = Clipping.objects.create(url=f"http://127.0.0.1:{server.port}/")
        assert not actions.look_up(clipping)
    assert server.visits == 0


def test_what_was_lost_is_chased():
    lost, fresh = Clipping.objects.create(url="https://a.example/"), Clipping.objects.create(url="https://b.example/")
    Clipping.objects.filter(pk=lost.pk).update(wanted_at=fresh.wanted_at - 2 * actions.LOST_AFTER)
    actions.chase()
    assert enqueued() == [[lost.pk]]


def test_a_picture_with_a_place_and_a_turn_is_redrawn_upright_without_the_place():
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    jpeg, width, height = pictures.redrawn(drawn("JPEG", (400, 200), exif=exif))
    assert (width, height) == (200, 400)
    with Image.open(BytesIO(jpeg)) as kept:
        assert not kept.getexif()


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_decoded():
    with pytest.raises(Refused):
        pictures.redrawn(drawn(size=(9000, 9000), mode="1"))


def test_a_transparent_picture_stands_on_white():
    jpeg, *_ = pictures.redrawn(drawn(mode="RGBA", size=(100, 100)))
    with Image.open(BytesIO(jpeg)) as kept:
        assert kept.mode == "RGB"


def test_publishing_waits_for_no_page():
    post = published(body=linking("https://paper.example/a", title="Ours"))
    assert post.live
    assert Clipping.objects.get().looked_up_at is None
