"""The posts beside one: before and after it, and others on its topics (`beside.sql`).

Asked at every rendering of a post, which is why it is SQL: Django would take ten times as long to write these questions as
the database to answer them. `queries.posts` says the same of who may read what.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from django.db import connection

from tocsin.content.models import PostPage, Topic

NOBODY = 0
"""No post has this key."""


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
    where = {"post": post.pk or NOBODY, "locale": post.locale_id, "moment": _adapted(post.first_published_at)}
    before, after = (_one(post, "before", where), _one(post, "after", where)) if where["moment"] else (None, None)
    where |= {"before": before.pk if before else NOBODY, "after": after.pk if after else NOBODY}
    return Beside(before, after, _related(post, where, topics, most) if topics else [])


def _one(post: PostPage, name: str, where: Mapping[str, Any]) -> PostPage | None:
    return next(iter(_read(post, _sql()[name], where)), None)


def _related(post: PostPage, where: Mapping[str, Any], topics: Collection[Topic], most: int) -> list[PostPage]:
    named = {f"topic{place}": topic.pk for place, topic in enumerate(topics)}
    sql = _sql()["related"].format(topics=", ".join(f"%({name})s" for name in named), most=most)
    return _read(post, sql, {**where, **named})


def _read(post: PostPage, sql: str, where: Mapping[str, Any]) -> list[PostPage]:
    found = list(PostPage.objects.raw(sql, where))
    for each in found:
        each.locale = post.locale
    return found


def _adapted(moment: Any) -> Any:
    return connection.ops.adapt_datetimefield_value(moment) if moment else None


@cache
def _sql() -> Mapping[str, str]:
    text = files("tocsin.web").joinpath("beside.sql").read_text(encoding="utf-8")
    _, *parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return {name: sql.strip() for name, sql in zip(parts[::2], parts[1::2], strict=True)}
