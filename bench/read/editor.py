"""What the editor does when the benchmark asks for it: publishes, publishes again, fills the archive, renders a page."""

import random
import string
import time
import uuid
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bench.companion import Verb
from tocsin.content.models import Author, Byline, PostPage, Topic
from tocsin.desk import documents
from tocsin.importers import document
from tocsin.web.cache import generation
from tocsin.web.cache.tally import Tally
from tocsin.web.cache.targets import target
from tocsin.web.serving.rendering import Renderer
from tocsin.web.serving.threads import Django

WARM_UP = 30
MEASURED = 200
TOPICS, AUTHORS = 6, 20


def publish(file: str) -> dict[str, Any]:
    """Publish a file as an editor would."""
    path = Path(file)
    post = documents.publish_document(
        document.parse(path.read_bytes(), path.name), documents.Wishes(path.parent, "news")
    )
    return {"path": post.url}


def republish(number: int) -> dict[str, Any]:
    """Publish the newest post again, its title saying how often. `seconds`: until Publish returned."""
    begun = time.monotonic()
    post = PostPage.objects.live().last()
    post.title = f"Number {number} of many"
    post.save_revision().publish()
    return {"seconds": time.monotonic() - begun}


def newest() -> dict[str, Any]:
    """The newest post."""
    return {"id": PostPage.objects.live().last().pk}


def fill(posts: int) -> dict[str, Any]:
    """So many older posts like the first one, each with an author and two of six topics, written in bulk. `paths`: where
    some of them are read.
    """
    first = PostPage.objects.live().order_by("pk").first()
    page, own = _row("wagtailcore_page", "id", first.pk), _row("content_postpage", "page_ptr_id", first.pk)
    with transaction.atomic():
        for number in range(1, posts + 1):
            _copy(page, own, number)
        _count_children(first, posts)
        _file_and_sign(range(first.pk + 1, first.pk + 1 + posts))
    paths = [f"/copy-{number}/" for number in random.Random(1).sample(range(1, posts + 1), min(posts, 300))]  # noqa: S311
    return {"paths": paths}


def _row(table: str, key: str, pk: int) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {table} WHERE {key} = %s", [pk])  # noqa: S608 - our own words
        names = [column[0] for column in cursor.description]
        return dict(zip(names, cursor.fetchone(), strict=True))


def _copy(page: dict[str, Any], own: dict[str, Any], number: int) -> None:
    pk, slug = page["id"] + number, f"copy-{number}"
    moment = timezone.now() - timedelta(minutes=number)
    copied = page | {
        "id": pk,
        "path": page["path"][:-4] + _step(int(page["path"][-4:], 36) + number),
        "slug": slug,
        "url_path": page["url_path"].rpartition(page["slug"])[0] + f"{slug}/",
        "title": f"Copy {number}",
        "translation_key": uuid.uuid4().hex,
        "first_published_at": moment.replace(tzinfo=None).isoformat(" "),
        "live_revision_id": None,
        "latest_revision_id": None,
    }
    _insert("wagtailcore_page", copied)
    _insert("content_postpage", own | {"page_ptr_id": pk})


def _insert(table: str, row: dict[str, Any]) -> None:
    names, places = ", ".join(row), ", ".join(["%s"] * len(row))
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({places})", list(row.values()))  # noqa: S608


def _file_and_sign(posts: Sequence[int]) -> None:
    topics = [Topic.objects.create(name=f"Topic {number}", slug=f"topic-{number}") for number in range(TOPICS)]
    authors = [Author.objects.create(name=f"Author {number}", slug=f"author-{number}") for number in range(AUTHORS)]
    lot = random.Random(1)  # noqa: S311
    through = PostPage.topics.through
    filed = [(post, topic) for post in posts for topic in lot.sample(topics, 2)]
    through.objects.bulk_create(through(postpage_id=post, topic_id=topic.pk) for post, topic in filed)
    Byline.objects.bulk_create(Byline(post_id=post, author=lot.choice(authors), sort_order=0) for post in posts)


def _step(number: int) -> str:
    """A step of a path in Wagtail's tree: four digits of base 36."""
    digits = string.digits + string.ascii_uppercase
    return "".join(digits[number // 36**place % 36] for place in (3, 2, 1, 0))


def _count_children(post: PostPage, more: int) -> None:
    parent = post.get_parent()
    type(parent).objects.filter(pk=parent.pk).update(numchild=parent.numchild + more)


def render(paths: list[str]) -> dict[str, Any]:
    """Render pages as the web process does for the cache. `ms`: median wall time of one, `cpu`: of the processor's time;
    `queries`: the most of any.
    """
    renderer = Renderer(Django(), generation.shared(), Tally(), "127.0.0.1", behind_tls=False)
    took, worked, queries = [], [], []
    for number, path in enumerate((paths * 2)[: WARM_UP + MEASURED]):
        page = target(path, b"")
        assert page is not None  # noqa: S101
        begun, cpu = time.perf_counter(), time.process_time()
        entry = renderer.render(page, page.raw, secure=False)
        took.append(time.perf_counter() - begun)
        worked.append(time.process_time() - cpu)
        assert entry is not None  # noqa: S101
        assert entry.status == 200  # noqa: S101
        if number >= MEASURED:
            with CaptureQueriesContext(connection) as captured:
                renderer.render(page, page.raw, secure=False)
            queries.append(len(captured))
    return {"ms": median(took[WARM_UP:]) * 1000, "cpu": median(worked[WARM_UP:]) * 1000, "queries": max(queries)}


VERBS: dict[str, Verb] = {
    "publish": publish,
    "republish": republish,
    "newest": newest,
    "fill": fill,
    "render": render,
}
