"""“About three mails a week”: what a choice means, in words, as far as the last months can tell."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, cast

from django.core.cache import cache
from django.db.models import Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tocsin.audience.estimates import Past, Post
from tocsin.content.models import PostPage
from tocsin.web import queries

LOOKED_BACK: Final = timedelta(weeks=12)
KEPT_SECONDS: Final = 600
KEY: Final = "tocsin.rhythm"
WEEKS_A_MONTH: Final = 365.25 / 12 / 7


@dataclass(frozen=True)
class Option:
    """Something to choose, and how many mails it would mean; empty if nobody can tell."""

    value: str
    label: str
    means: str
    is_chosen: bool


def past() -> Past:
    """The posts of the last twelve weeks, or of all the weeks there are. Kept for ten minutes."""
    return cast("Past", cache.get_or_set(KEY, _read, KEPT_SECONDS))


def _read() -> Past:
    """By the dates readers see: those of posts brought along from elsewhere tell of the rhythm too."""
    now = timezone.now()
    live = PostPage.objects.filter(live=True).annotate(shown=Coalesce("date_shown", "first_published_at"))
    recent = live.filter(shown__gt=now - LOOKED_BACK, shown__lte=now)
    followed = queries.followed_by(recent)
    posts = [
        Post(shown.toordinal(), kind == PostPage.Kind.ALERT, followed.get(pk, frozenset()))
        for pk, kind, shown in recent.values_list("pk", "kind", "shown")
    ]
    first = live.aggregate(first=Min("shown"))["first"] or now
    return Past(posts, max(1, min(LOOKED_BACK, now - first).days))


def in_words(choices: Mapping[int, str], *, alerts: bool = True, before: Past | None = None) -> str:
    """How many mails a choice means; empty if there are too few posts to tell. `before`: the past, if it is at hand."""
    before = before or past()
    return words(before.mails_a_week(choices, alerts=alerts)) if before.is_long_enough else ""


def words(mails: float) -> str:
    """A number of mails a week, as honestly as it can be said."""
    if mails >= 1:
        return ngettext("about {number} a week", "about {number} a week", round(mails)).format(number=round(mails))
    monthly = round(mails * WEEKS_A_MONTH)
    if monthly:
        return ngettext("about {number} a month", "about {number} a month", monthly).format(number=monthly)
    return _("less than one a month") if mails else _("none in the last months")
