"""How often posts were read: one number each, and nothing about who read. Added up from what web processes counted."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from django.db import connection, models, transaction


class Readership(models.Model):
    """How often one post was read."""

    post = models.OneToOneField("content.PostPage", models.CASCADE, primary_key=True, related_name="readership")
    views = models.BigIntegerField(default=0)

    class Meta:
        app_label = "content"

    def __str__(self) -> str:
        return str(self.views)


def add(counts: Mapping[int, int]) -> None:
    """Add these views, by post, in one short transaction. Posts that are gone by now are left out."""
    rows = [(count, post) for post, count in sorted(counts.items())]  # in one order, so that no two wait for each other
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(_sql(), rows)


def views(post_id: int) -> int:
    """How often a post was read, as far as it is written down."""
    found = Readership.objects.filter(pk=post_id).values_list("views", flat=True).first()
    return found or 0


@cache
def _sql() -> str:
    return files("tocsin.content").joinpath("readership.sql").read_text(encoding="utf-8")
