"""One of each thing a reader can meet, and the addresses of the pages that show them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone
from wagtail.rich_text import RichText

from tests.audience import people
from tests.bodies import RARE
from tests.pictures import uploaded
from tests.posts import published, stream
from tests.web.readers.reading import link
from tocsin.audience import actions
from tocsin.audience.models import Publication, Subscriber
from tocsin.content.clippings import pictures
from tocsin.content.clippings.models import Clipping
from tocsin.content.models import Author, MenuItem, PlainPage, Topic
from tocsin.lib.links import CONFIRM_AGE

POST = "/a-post/"
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen"
SEVERITIES = ("minor", "moderate", "severe", "extreme")
A_LIST_AND_MORE = 14
SECTIONS = ("Why", "How", "And then", LONG_WORD, "What the harbour master said of it", "Who pays", "When", "What next")


@dataclass(frozen=True)
class Leaf:
    """A page: where it is, what it is answered with, and whether it is one reader's own."""

    path: str
    status: int = 200
    own: bool = False


def publish_everything() -> list[Leaf]:
    """Publish it and let a reader subscribe; all the pages there are then."""
    Publication.objects.update(tagline="News of the quay", address_line="Quay 1")
    ada = Author.objects.create(
        name="Ada", slug="ada", role="Editor", biography="<p>Of bridges.</p>", picture=uploaded("face")
    )
    Author.objects.create(name="Nobody yet", slug="nobody")
    water = Topic.objects.create(name="Water", slug="water", description="Pipes and rivers.")
    Topic.objects.create(name="Air", slug="air")
    _publish_posts(topics=[water], authors=[ada], summary="In short.", lead_image=uploaded("lead"))
    _add_plain_page()
    return [*_of_posts(), *_of_lists(), *_of_readers()]


def _publish_posts(**everything: Any) -> None:
    hour = timedelta(hours=1)
    for number in range(A_LIST_AND_MORE):
        published(f"An older post, number {number}")
    for severity in SEVERITIES:
        published(severity, kind="alert", severity=severity, alert_expires_at=timezone.now() + hour, **everything)
    over = published("over", kind="alert", severity="severe", alert_expires_at=timezone.now() - hour, **everything)
    published("clear", kind="alert", severity="minor", alert_status="cancel", follows_up=over, **everything)
    names = {name: everything[name] for name in ("topics", "authors")}
    published(f"{LONG_WORD} " * 3, slug="long", summary=f"{LONG_WORD}/" * 4, **names)
    post = published("A post", body=_body(), lead_image_alt="A quay", lead_image_credit="Ada", **everything)
    for kind in ("correction", "update"):
        post.notes.create(kind=kind, noted_at=timezone.now(), text="It is four metres, not three.")
    post.save()


def _body() -> list[tuple[str, Any]]:
    text = RichText(
        '<p>See <a href="https://example.org/report">the report</a>. <code>a &lt; b</code></p><hr/><ul><li>One</li></ul>'
    )
    picture = {"image": uploaded(), "caption": "The quay.", "credit": "Ada"}
    sections = [part for name in SECTIONS for part in (("heading", name), ("text", text))]
    code = {"language": "sql", "code": "SELECT 1 < 2\n" + "-- and so on, " * 20}
    return [*sections, ("picture", picture), *RARE, ("code", code), *_links()]


def _links() -> list[tuple[str, Any]]:
    """A card with all it can have, one of an endless word, and one of a page that nobody has looked at yet."""
    name = pictures.keep(pictures.redrawn(uploaded("tide").file.open().read())[0])
    known = {"looked_up_at": timezone.now(), "site_name": "The Paper", "description": "How it rises. " * 20}
    drawn = {"picture": name, "picture_width": 480, "picture_height": 300}
    Clipping.objects.create(url="https://paper.example/tide", title="The tide", **known, **drawn)
    Clipping.objects.create(url="https://paper.example/word", title=LONG_WORD * 2, **known, **drawn)
    own = {"title": "", "description": ""}
    return [("link", {"url": f"https://paper.example/{path}", **own}) for path in ("tide", "word", f"new/{LONG_WORD}")]


def _add_plain_page() -> None:
    page = PlainPage(title="About us", slug="about", body=[("heading", "Who"), ("text", RichText("<p>We are.</p>"))])
    stream().add_child(instance=page)
    for place in MenuItem.Place.values:
        MenuItem.objects.create(place=place, label="About us", page=page)


def _of_posts() -> list[Leaf]:
    return [Leaf(f"/{slug}/") for slug in ("a-post", "long", *SEVERITIES, "over", "clear", "about")]


def _of_lists() -> list[Leaf]:
    month = f"{timezone.now():%Y/%m}"
    lists = ["/", "/?page=2", "/topics/water/", "/topics/air/", "/authors/ada/", "/authors/nobody/"]
    found = ["/search/", "/search/?q=a", "/search/?q=zebra", "/search/?q=zebra&kind=alert"]
    archive = ["/archive/", f"/archive/{month[:4]}/", f"/archive/{month}/"]
    return [*(Leaf(path) for path in (*lists, *found, *archive)), Leaf("/nowhere/", 404)]


def _of_readers() -> list[Leaf]:
    mira, pending = people.subscribe("mira@example.org", "Mira"), people.ask("new@example.org").address.subscriber
    gone = people.subscribe("gone@example.org")
    actions.unsubscribe(gone.public_id, "page")
    own = [link(purpose, mira) for purpose in ("manage", "unsubscribe", "erase", "confirm")]
    return [
        Leaf("/subscribe/"),
        Leaf("/subscribe/sent/", own=True),
        *(Leaf(path, own=True) for path in (*own, link("confirm", pending), link("manage", gone))),
        Leaf(_late(pending), 410, own=True),
        Leaf("/confirm/not-a-token/", 404, own=True),
    ]


def _late(person: Subscriber) -> str:
    return link("confirm", person, age=int(CONFIRM_AGE) + 1)
