"""The demo's publication: a dozen posts of an invented harbour city, so that a first start shows a newsroom at work.

They are published from files as `tocsin publish` does, but dated back, and nobody is told of them.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha1
from pathlib import Path
from typing import Final

from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from wagtail.images.models import Image
from wagtail.models import Site

from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content.models import Author, PostPage, StreamPage, Topic
from tocsin.desk.demo.programme import PUBLICATION, SHOWINGS, TOPICS, WRITERS, Showing, Writer
from tocsin.desk.documents import Wishes, create_post
from tocsin.importers import document

POSTS: Final = Path(__file__).parent / "posts"
PORTRAITS: Final = Path(__file__).parent / "portraits"


@transaction.atomic
def seed() -> None:
    """Fill a newsroom that has no posts yet; leave any other alone. Tells nobody, makes no subscribers."""
    if PostPage.objects.exists():
        return
    gazette = _name_publication()
    for slug, (name, description) in TOPICS.items():
        Topic.objects.get_or_create(slug=slug, defaults={"name": name, "description": description})
    for writer in WRITERS:
        _introduce(writer)
    now = timezone.now().astimezone(gazette.zone)
    for showing in SHOWINGS:
        _show(showing, now)


def _name_publication() -> Publication:
    gazette = publication()
    for field, value in PUBLICATION.items():
        setattr(gazette, field, value)
    gazette.save()
    site = Site.objects.get(is_default_site=True)
    site.site_name = gazette.name
    site.save()
    stream = StreamPage.objects.get(pk=site.root_page_id)
    stream.title = stream.draft_title = gazette.name
    stream.save()
    return gazette


def _introduce(writer: Writer) -> None:
    if Author.objects.filter(slug=writer.slug).exists():
        return
    data = (PORTRAITS / f"{writer.slug}.jpg").read_bytes()
    portrait = Image.objects.create(
        title=writer.name,
        file=ContentFile(data, f"{writer.slug}.jpg"),
        file_size=len(data),
        file_hash=sha1(data, usedforsecurity=False).hexdigest(),
    )
    Author.objects.create(
        slug=writer.slug, name=writer.name, role=writer.role, biography=writer.biography, picture=portrait
    )


def _show(showing: Showing, now: datetime) -> None:
    """Publish one post as it would have been, that many days ago."""
    moment = (now - timedelta(days=showing.days_ago)).replace(hour=showing.hour, minute=5, second=0, microsecond=0)
    parsed = document.parse((POSTS / showing.file).read_bytes(), showing.file)
    expires = moment + showing.in_force if showing.in_force else None
    post = create_post(replace(parsed, expires=expires), Wishes(POSTS, tell_readers=False))
    if showing.cancels:
        post.alert_status = PostPage.AlertStatus.CANCEL
        post.follows_up = PostPage.objects.get(slug=showing.cancels)
        post.save_revision()
    post.get_latest_revision().publish()
    PostPage.objects.filter(pk=post.pk).update(first_published_at=moment, last_published_at=moment)
