"""What pages ask of the content: posts in reading order, menus, alerts in force. Nothing here writes.

"Latest" goes by the moment of publishing: a date an editor chose is shown, but moves nothing.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Exists, ExpressionWrapper, F, Min, OuterRef, Q, QuerySet
from wagtail.models import Page, PageViewRestriction
from wagtail.query import PageQuerySet

from tocsin.audience.models import Followable
from tocsin.content.models import Author, Byline, MenuItem, PostPage, Topic

NEWEST_FIRST = ("-first_published_at", "-pk")
OLDEST_FIRST = ("first_published_at", "pk")
LONGEST_CHAIN = 10

WITHOUT_EXPIRY = timedelta(days=7)
"""How long an alert that states no end is announced on every page."""


def posts(language: str) -> PageQuerySet:
    """What any reader may read in `language`, newest first."""
    return _public().filter(locale__language_code=language)


def _public() -> PageQuerySet:
    return PostPage.objects.live().filter(~restricted()).select_related("locale").order_by(*NEWEST_FIRST)


def restricted() -> Exists:
    """Whether a page, or one above it, is not for everybody. Unlike Wagtail's `public()`, no query of its own."""
    locks = PageViewRestriction.objects.annotate(below=ExpressionWrapper(OuterRef("path"), output_field=CharField()))
    return Exists(locks.filter(below__startswith=F("page__path")))


def followed_by(found: QuerySet[PostPage]) -> dict[int, frozenset[int]]:
    """What readers can follow these posts by, as ids of followables, whether or not it can be chosen now. Two queries."""
    kind = Followable.Kind
    ids = {(each.kind, each.slug): each.pk for each in Followable.objects.all()}
    named = found.order_by().values_list("pk", "topics__slug", "bylines__author__slug")
    followed = defaultdict[int, set[int]](lambda: {ids[kind.EVERYTHING, ""]})
    for post, topic, author in named:
        followed[post] |= {ids[key] for key in ((kind.TOPIC, topic), (kind.AUTHOR, author)) if key in ids}
    return {post: frozenset(theirs) for post, theirs in followed.items()}


def listed(found: PageQuerySet) -> PageQuerySet:
    """Posts as a list needs them: with their pictures, without their bodies."""
    return found.select_related("locale", "lead_image").defer("body")


def by_author(author: Author, language: str) -> PageQuerySet:
    """What `author` has a byline on."""
    return posts(language).filter(pk__in=Byline.objects.filter(author=author).values("post"))


def about(topic: Topic, language: str) -> PageQuerySet:
    """What is filed under `topic`."""
    return posts(language).filter(topics=topic)


def menu_items() -> "QuerySet[MenuItem]":
    """The menus in order, without links to pages that are not public."""
    private = Q(page__isnull=False) & ~Q(page__in=Page.objects.live().filter(~restricted()))
    return MenuItem.objects.exclude(private).select_related("page__locale")


def topics_of(found: Collection[PostPage]) -> dict[int, list[Topic]]:
    """The topics of several posts, read at once, by post id."""
    through: Any = PostPage.topics.through
    rows = through.objects.filter(postpage__in=[post.pk for post in found]).select_related("topic")
    filed: dict[int, list[Topic]] = defaultdict(list)
    for row in rows.order_by("topic__name"):
        filed[row.postpage_id].append(row.topic)
    return filed


def authors_of(found: Collection[PostPage]) -> dict[int, list[Author]]:
    """The authors of several posts in byline order, read at once, by post id."""
    signed: dict[int, list[Author]] = defaultdict(list)
    rows = Byline.objects.filter(post__in=[post.pk for post in found]).select_related("author")
    for byline in rows.order_by("post", "sort_order"):
        signed[byline.post_id].append(byline.author)
    return signed


def follow_ups(found: Collection[PostPage]) -> dict[int, list[PostPage]]:
    """The live alerts that update or cancel one of several, by the id of the one they follow."""
    alerts = [post.pk for post in found if post.kind == PostPage.Kind.ALERT]
    if not alerts:
        return {}
    following: dict[int, list[PostPage]] = defaultdict(list)
    for post in PostPage.objects.live().filter(follows_up__in=alerts).select_related("locale").order_by(*OLDEST_FIRST):
        following[post.follows_up_id].append(post)
    return following


def chain(post: PostPage) -> tuple[list[PostPage], list[PostPage]]:
    """The alerts this one follows and those that follow it, each oldest first; at most LONGEST_CHAIN each way."""
    earlier: list[PostPage] = []
    step = post
    while step.follows_up_id and len(earlier) < LONGEST_CHAIN:
        found = PostPage.objects.live().filter(pk=step.follows_up_id).select_related("locale").first()
        if found is None:
            break
        earlier.insert(0, found)
        step = found
    later: list[PostPage] = []
    newest = [post]
    while newest and len(later) < LONGEST_CHAIN:
        newest = [each for following in follow_ups(newest).values() for each in following]
        later += newest
    return earlier, later


def alerts_in_force(language: str, now: datetime) -> PageQuerySet:
    """Alerts readers have to act on: not over, not updated, not cancelled; in another language, if not in theirs."""
    over = Q(alert_expires_at__lte=now) | Q(alert_expires_at__isnull=True, first_published_at__lte=now - WITHOUT_EXPIRY)
    followed = PostPage.objects.live().filter(follows_up=OuterRef("pk"))
    in_theirs = posts(language).order_by().filter(translation_key=OuterRef("translation_key"))
    understood = Q(locale__language_code=language) | ~Exists(in_theirs)
    alerts = _public().filter(understood, ~Exists(followed), kind=PostPage.Kind.ALERT).defer("body")
    return alerts.exclude(over).exclude(alert_status=PostPage.AlertStatus.CANCEL)


def next_end_of_an_alert(now: datetime) -> datetime | None:
    """The next instant at which an alert stops being in force by the clock alone; until then it changes no page."""
    alerts = PostPage.objects.live().filter(kind=PostPage.Kind.ALERT)
    ends = alerts.filter(alert_expires_at__gt=now).aggregate(end=Min("alert_expires_at"))["end"]
    silent = alerts.filter(alert_expires_at__isnull=True, first_published_at__gt=now - WITHOUT_EXPIRY)
    first = silent.aggregate(first=Min("first_published_at"))["first"]
    return min((end for end in (ends, first and first + WITHOUT_EXPIRY) if end is not None), default=None)
