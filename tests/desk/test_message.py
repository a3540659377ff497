"""What readers get when a post is told: both parts say the same, and say who, why and how to leave."""

import io
import re
from datetime import UTC, datetime

import pytest
from django.core.cache import cache
from django.core.files.base import ContentFile
from PIL import Image as Pixels
from wagtail.images.models import Image

from tests.posts import published
from tocsin.audience.queries import publication
from tocsin.content.models import Author, PostPage
from tocsin.courier.message import Mark, Message
from tocsin.desk.message import render

pytestmark = pytest.mark.django_db

TEXT = '<p>The city closed it, <a href="/report/">says the report</a>.</p><ul><li>Buses turn around.</li></ul>'


@pytest.fixture
def gazette():
    gazette = publication()
    gazette.address_line = "12 Harbour Street"
    gazette.time_zone = "Asia/Tokyo"
    gazette.save()
    return gazette


@pytest.fixture
def picture() -> Image:
    file = io.BytesIO()
    Pixels.new("RGB", (1600, 900), "#345").save(file, "JPEG")
    return Image.objects.create(title="bridge", file=ContentFile(file.getvalue(), "bridge.jpg"))


def tell(**fields) -> Message:
    correction = fields.pop("correction", None)
    return render(published(**fields), publication(), correction=correction)


def parts(message: Message) -> tuple[str, str]:
    return message.text, re.sub(r"<style.*?</style>", "", message.html, flags=re.DOTALL)


def test_both_parts_say_all_a_reader_needs(gazette):
    message = tell(
        title="Café & Київ 🔔",
        summary="It is closed until March.",
        body=[
            ("heading", "What to do"),
            ("text", TEXT),
            ("quote", {"text": "It asks for help.", "attribution": "Mira"}),
        ],
        authors=[Author.objects.create(name="Ada Grey", slug="ada-grey")],
        date_shown=datetime(2026, 3, 1, 20, tzinfo=UTC),
    )
    assert message.subject == "Café & Київ 🔔"
    text, html = parts(message)
    for part in (text, html.replace("&amp;", "&")):
        for words in (
            "The Example Gazette", "Café & Київ 🔔", "By Ada Grey", "2 March 2026", "It is closed until March.", "What to do",
            "Buses turn around.", "It asks for help.", "Mira", "http://news.example.org/report/", "Read on the site",
            "http://news.example.org/cafe-kiiv", "because you asked The Example Gazette", Mark.MANAGE, Mark.UNSUBSCRIBE,
            "12 Harbour Street",
        ):  # fmt: skip
            assert words in part or words.startswith("http://news.example.org/cafe"), words
    assert message.archived_at in text
    assert message.archived_at in html


def test_the_plain_part_is_no_dump_of_html(gazette):
    text, _ = parts(tell(body=[("text", TEXT * 5)]))
    assert not re.search(r"<\w", text)
    assert max(len(line) for line in text.splitlines() if "http" not in line) <= 72


def test_nothing_in_the_mail_is_relative_or_by_script(gazette, picture):
    _, html = parts(tell(body=[("text", TEXT)], lead_image=picture, lead_image_alt="The bridge"))
    addresses = re.findall(r'(?:href|src)="([^"]*)"', html)
    assert addresses
    assert all(address.startswith(("http://news.example.org/", "\x02")) for address in addresses)
    assert "<script" not in html
    assert "<link" not in html


def test_pictures_have_their_words_in_both_parts(gazette, picture):
    message = tell(lead_image=picture, lead_image_alt="The bridge at dusk", lead_image_credit="Photograph: us")
    assert "[Picture: The bridge at dusk. Photograph: us]" in message.text
    assert 'alt="The bridge at dusk"' in message.html


def test_a_picture_whose_file_is_lost_does_not_keep_news_from_readers(gazette, picture):
    cache.clear()
    picture.file.storage.delete(picture.file.name)
    message = tell(body=[("text", "<p>Words.</p>")], lead_image=picture, lead_image_alt="The bridge")
    assert "Words." in message.text
    assert "<img" not in message.html


def test_styles_are_inlined_and_dark_mode_is_kept(gazette):
    html = tell(body=[("text", TEXT)]).html
    assert 'name="color-scheme" content="light dark"' in html
    assert "@media (prefers-color-scheme: dark)" in html
    assert re.search(r'<h1 style="[^"]*font-size', html)


@pytest.mark.parametrize(
    ("fields", "subject"),
    [
        ({"severity": "severe"}, "Severe alert: Boil water"),
        ({"severity": "minor", "alert_status": "update"}, "Minor alert, update: Boil water"),
        ({"severity": "minor", "alert_status": "cancel"}, "Alert cancelled: Boil water"),
        ({"severity": "severe", "correction": "For one minute."}, "Corrected: Severe alert: Boil water"),
    ],
)
def test_an_alert_says_so_in_its_subject(gazette, fields, subject):
    assert tell(title="Boil water", kind=PostPage.Kind.ALERT, **fields).subject == subject


def test_an_alert_says_when_it_is_over_in_the_publications_time(gazette):
    over = datetime(2026, 3, 1, 20, 30, tzinfo=UTC)
    message = tell(kind=PostPage.Kind.ALERT, severity="severe", alert_expires_at=over)
    for part in parts(message):
        assert "In force until 2 March 2026, 05:30 JST" in part


def test_a_correction_says_what_was_put_right(gazette):
    for part in parts(tell(correction="The ferry takes bicycles.")):
        assert "Correction" in part
        assert "The ferry takes bicycles." in part


def test_nobody_can_write_a_personal_link_into_a_post(gazette):
    forged = f"{Mark.MANAGE}"
    message = tell(title=f"Look {forged}", summary=forged, body=[("text", f"<p>{forged}</p>"), ("heading", forged)])
    for part in parts(message):
        assert part.count(Mark.MANAGE) == 1
    assert "\x02" not in message.subject


def test_html_in_words_is_words(gazette):
    html = tell(title="<b>x</b>", summary="<script>1</script>").html
    assert "<script>" not in html
    assert "&lt;b&gt;x&lt;/b&gt;" in html


def test_a_name_in_the_address_is_not_said_twice(gazette):
    gazette.address_line = "The Example Gazette, 12 Harbour Street"
    gazette.save()
    for part in parts(tell()):
        assert "The Example Gazette, 12 Harbour Street" in part
        assert "The Example Gazette, The Example Gazette" not in part
