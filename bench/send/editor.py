"""What the newsroom's own side does when the benchmark asks for it: fills the database, publishes, tells.

Everything a reader is told goes through the ways an editor's click takes (`documents.publish_document`) or through
`courier.actions.tell`; only people and old rows are made in bulk.
"""

import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.db import transaction

from bench.companion import Verb
from bench.send import crowd, digesting
from tocsin.audience.models import Subscriber
from tocsin.audience.queries import publication, reachable
from tocsin.content.models import PostPage
from tocsin.courier import actions, queries
from tocsin.courier.models import Dispatch, Lane
from tocsin.desk import documents, message
from tocsin.importers import document

POST = Path(__file__).with_name("post.md")


def publish(kind: str = "news", title: str = "") -> dict[str, Any]:
    """Publish the post as an editor would. `committing`: seconds since the epoch right before the commit began."""
    text = POST.read_bytes()
    if title:
        text = text.replace(text.splitlines()[1], f"title: {title}".encode(), 1)
    with transaction.atomic():
        post = documents.publish_document(document.parse(text, POST.name), documents.Wishes(POST.parent, kind))
        dispatch = queries.dispatches_of_post(post.pk).get()
        committing = time.time()
    return {"dispatch": dispatch.pk, "audience": dispatch.audience, "committing": committing}


def digest(readers: int) -> dict[str, Any]:
    """Tell the first `readers` readers in the lane of digests, with the message of the newest post."""
    post = PostPage.objects.live().last()
    with transaction.atomic():
        dispatch = actions.tell(
            kind=Dispatch.Kind.DIGEST,
            lane=Lane.DIGEST,
            post_id=None,
            revision_id=None,
            title="A digest",
            message=message.render(post, publication()),
            language="en",
            audience=reachable().filter(pk__lte=readers),
            first=False,
        )
        committing = time.time()
    return {"dispatch": dispatch.pk, "audience": dispatch.audience, "committing": committing}


def cancel(dispatch: int) -> dict[str, Any]:
    """Stop a telling."""
    with transaction.atomic():
        return {"suppressed": actions.cancel(Dispatch.objects.get(pk=dispatch), "The benchmark is over.")}


def books(dispatch: int) -> dict[str, Any]:
    """The books of a telling."""
    return asdict(queries.books(dispatch))


def commits(seconds: float, pause: float) -> dict[str, Any]:
    """Small commits like those of a reader's click, one after the other: how long each took, in seconds."""
    took = []
    deadline = time.monotonic() + seconds
    while (begun := time.monotonic()) < deadline:
        with transaction.atomic():
            Subscriber.objects.filter(pk=1).update(name=f"Reader {begun}")
        took.append(time.monotonic() - begun)
        time.sleep(pause)
    return {"took": took}


VERBS: dict[str, Verb] = {
    "readers": crowd.add_readers,
    "old_rows": crowd.add_old_rows,
    "publish": publish,
    "digest": digest,
    "cancel": cancel,
    "books": books,
    "commits": commits,
    "digests_due": digesting.have_them_due,
    "plan_digests": digesting.plan,
}
