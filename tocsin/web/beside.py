"""The posts beside one: before and after it, and others on its topics (`beside.sql`).

Asked at every rendering of a post, which is why it is SQL: Django would take ten times as long to write this question as
the database to answer it. `queries.posts` says the same of who may read what.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from tocsin.content.models import PostPage, Topic
from tocsin.lib.statements import statements

NONE = 0
"""No row has this key."""


@dataclass(frozen=True)
class Beside:
    """Posts that know their title and address, and the locale of the post they are beside."""

    before: PostPage | None
    after: PostPage | None
    related: Sequence[PostPage]


def beside(post: PostPage, topics: Collection[Topic], most: int) -> Beside:
    """The posts published right before and right after `post`, and at most `most` others on its topics: first those that
    share most of them, then the newest. A post that was never published has no neighbours.
    """
    named = {f"topic{place}": key for place, key in enumerate([topic.pk for topic in topics] or [NONE])}
    sql = statements("tocsin.web", "beside.sql", connection.vendor)["beside"].format(
        topics=", ".join(f"%({name})s" for name in named), most=most
    )
    where: dict[str, Any] = {"post": post.pk or NONE, "locale": post.locale_id, "moment": _moment(post), **named}
    found: dict[str, list[PostPage]] = defaultdict(list)
    for each in PostPage.objects.raw(sql, where):
        each.locale = post.locale
        found[each.place].append(each)
    return Beside(next(iter(found["before"]), None), next(iter(found["after"]), None), found["related"])


def _moment(post: PostPage) -> Any:
    """When it was first published, as the database writes it."""
    return connection.ops.adapt_datetimefield_value(post.first_published_at)
