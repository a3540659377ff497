"""A document becomes a post, or nothing at all."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PIL import Image as Pixels
from wagtail.images.models import Image

from tests.posts import stream
from tocsin.audience.models import Followable
from tocsin.audience.queries import publication
from tocsin.content.models import Author, PostPage, Topic
from tocsin.courier.models import Dispatch
from tocsin.desk.documents import Wishes, create_post, free_slug, publish_document
from tocsin.importers.document import Document
from tocsin.lib.errors import Refused

pytestmark = pytest.mark.django_db

TEXT = (
    ("heading", "What to do"),
    ("text", "<p>Take the ferry.</p>"),
    ("quote", {"text": "Ask.", "attribution": "Mira"}),
)
NAIVE = datetime.fromisoformat("2026-01-05T12:00")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    file = io.BytesIO()
    Pixels.new("RGB", (80, 45), "#345").save(file, "JPEG")
    (tmp_path / "bridge.jpg").write_bytes(file.getvalue())
    (tmp_path / "half.jpg").write_bytes(file.getvalue()[:-200])
    (tmp_path / "notes.jpg").write_text("not a picture", encoding="utf-8")
    return tmp_path


def picture(path: str = "bridge.jpg", alt: str = "The bridge") -> tuple:
    return ("picture", {"path": path, "alt": alt, "caption": "At dusk", "credit": "Us"})


def test_all_that_a_document_says_is_in_the_post(folder):
    gazette = publication()
    gazette.time_zone = "Europe/Berlin"
    gazette.save()
    Topic.objects.create(name="Harbour", slug="harbour")
    Author.objects.create(name="Ada Grey", slug="ada-grey")
    document = Document(
        title="The bridge is closed", summary="Until March.", date=NAIVE, topics=("Harbour",),
        authors=("Ada Grey",), image="bridge.jpg", image_alt="The bridge", image_credit="Us", blocks=(*TEXT, picture()),
    )  # fmt: skip
    post = publish_document(document, Wishes(folder))
    assert (post.title, post.summary, post.slug) == ("The bridge is closed", "Until March.", "the-bridge-is-closed")
    assert post.date_shown == datetime(2026, 1, 5, 11, tzinfo=UTC)
    assert [topic.slug for topic in post.topics.all()] == ["harbour"]
    assert [author.name for author in post.authors] == ["Ada Grey"]
    assert [block.block_type for block in post.body] == ["heading", "text", "quote", "picture"]
    shown = post.body[3].value
    assert (shown["image"].contextual_alt_text, shown["caption"], shown["credit"]) == ("The bridge", "At dusk", "Us")
    assert post.lead_image_id == shown["image"].pk
    assert Image.objects.count() == 1
    assert post.live
    assert Dispatch.objects.get().post_id == post.pk


def test_the_same_document_again_is_a_second_post(folder):
    document = Document(title="Twice", blocks=(picture(),))
    slugs = [publish_document(document, Wishes(folder)).slug for _ in range(3)]
    assert slugs == ["twice", "twice-2", "twice-3"]
    assert Image.objects.count() == 1


@pytest.mark.parametrize(
    ("words", "slug"),
    [
        ("Admin", "admin-2"),
        ("Київ Café", "kiiv-cafe"),
        ("🔔", "post"),
        ("de", "de-2"),
        ("word " * 60, "word-" * 15 + "word"),
    ],
)
def test_a_slug_is_readable_and_hides_no_page_of_the_site(words, slug):
    assert free_slug(stream(), words) == slug


def test_an_unknown_topic_is_refused_naming_the_known(folder):
    Topic.objects.create(name="Water", slug="water")
    with pytest.raises(Refused, match="“Fire”") as refusal:
        create_post(Document(title="X", topics=("Fire",)), Wishes(folder, topics=("water",)))
    assert "water" in refusal.value.mend
    assert "--create-topics" in refusal.value.mend
    assert not PostPage.objects.exists()


def test_topics_are_made_when_asked_and_can_be_followed(folder):
    post = create_post(
        Document(title="X", topics=("Fire",)), Wishes(folder, topics=("north-bank",), create_topics=True)
    )
    assert sorted(topic.name for topic in post.topics.all()) == ["Fire", "North bank"]
    assert Followable.objects.filter(slug__in=["fire", "north-bank"]).count() == 2


def test_topics_match_by_slug_or_name_and_count_once(folder):
    Topic.objects.create(name="North Bank", slug="north")
    post = create_post(Document(title="X", topics=("North Bank", "north", "north-bank")), Wishes(folder))
    assert post.topics.count() == 1


def test_an_unknown_author_is_refused_unless_asked_to_be_made(folder):
    document = Document(title="X", authors=("Jörg Čapek",))
    with pytest.raises(Refused, match="no author “Jörg Čapek”"):
        create_post(document, Wishes(folder))
    post = create_post(document, Wishes(folder, create_authors=True))
    assert [author.slug for author in post.authors] == ["jorg-capek"]


def test_an_alert_without_severity_is_moderate(folder):
    post = publish_document(Document(title="Boil water"), Wishes(folder, kind="alert"))
    assert (post.kind, post.severity) == ("alert", "moderate")
    assert Dispatch.objects.get().kind == "alert"


@pytest.mark.parametrize("path", ["missing.jpg", "../bridge.jpg", "/etc/hostname", "notes.jpg", "half.jpg"])
def test_a_picture_that_cannot_be_had_leaves_nothing_behind(folder, path):
    inner = folder / "posts"
    inner.mkdir()
    for name in ("notes.jpg", "half.jpg"):
        (inner / name).write_bytes((folder / name).read_bytes())
    (inner / "first.jpg").write_bytes((folder / "bridge.jpg").read_bytes())
    with pytest.raises(Refused, match=path.rsplit("/")[-1]):
        create_post(Document(title="X", blocks=(picture("first.jpg"), picture(path))), Wishes(inner))
    assert not PostPage.objects.exists()
    assert not Image.objects.exists()
    storage = Image._meta.get_field("file").storage
    assert not [name for name in storage.listdir("original_images")[1] if name.startswith("first")]


def test_a_post_can_be_made_that_tells_nobody(folder):
    publish_document(Document(title="X"), Wishes(folder, tell_readers=False))
    assert not Dispatch.objects.exists()
