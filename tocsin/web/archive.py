"""The archive: every post by year and month, as the publication's own clock dates it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby
from typing import Any

from django.db.models import Count
from django.db.models.functions import TruncMonth
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.web import languages, queries
from tocsin.web.lists import listing

MONTHS = 12


@dataclass(frozen=True)
class Month:
    """A month with posts."""

    first: date
    posts: int

    @property
    def number(self) -> int:
        """1 to 12."""
        return self.first.month


@dataclass(frozen=True)
class Year:
    """A year with posts, its latest month first."""

    number: int
    months: Sequence[Month]


@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """All years and months that have posts."""
    return render(request, "web/archive.html", {"title": _("Archive"), "years": _years(publication())})


@require_safe
def of_a_year(request: HttpRequest, year: int) -> HttpResponse:
    """The posts of a year. Raises Http404 when there are none."""
    return _posts(request, date(year, 1, 1), date(year + 1, 1, 1), {"title": str(year), "year": year})


@require_safe
def of_a_month(request: HttpRequest, year: int, month: int) -> HttpResponse:
    """The posts of a month. Raises Http404 when there are none."""
    if not 1 <= month <= MONTHS:
        raise Http404("no such month")
    since = date(year, month, 1)
    until = date(year, month + 1, 1) if month < MONTHS else date(year + 1, 1, 1)
    return _posts(request, since, until, {"title": capfirst(date_format(since, "F Y")), "year": year, "month": month})


def _posts(request: HttpRequest, since: date, until: date, context: dict[str, Any]) -> HttpResponse:
    """The posts from midnight to midnight."""
    owner = publication()
    first, end = (datetime.combine(day, time(), tzinfo=owner.zone) for day in (since, until))
    found = queries.posts(languages.current()).filter(first_published_at__gte=first, first_published_at__lt=end)
    if not found.exists():
        raise Http404("nothing was published then")
    return render(request, "web/archive.html", {**context, "listing": listing(found, request)})


def _years(owner: Publication) -> list[Year]:
    counted = (
        queries.posts(languages.current())
        .order_by()
        .annotate(month=TruncMonth("first_published_at", tzinfo=owner.zone))
        .values("month")
        .annotate(posts=Count("pk"))
        .order_by("-month")
        .values_list("month", "posts")
    )
    months = [Month(first.date(), posts) for first, posts in counted if first]
    return [Year(number, list(within)) for number, within in groupby(months, key=lambda month: month.first.year)]
