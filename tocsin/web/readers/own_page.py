"""A reader's own page: what they get and when, fewer mails, a break, leaving, the way to their data.

Whoever has the link can use it, and mails get forwarded: it shows no address and nothing that was sent.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from tocsin.audience import actions, choices, limits, pace, queries
from tocsin.audience.models import Cadence, Publication, Subscriber
from tocsin.content import phrases
from tocsin.lib.addresses import masked
from tocsin.web.context import SHEETS
from tocsin.web.readers import mails, rhythm
from tocsin.web.readers.choosing import Pausing, Preferences
from tocsin.web.readers.guards import behind, links
from tocsin.web.readers.notices import SeeOther

SAID: Final = {
    "changed": gettext_lazy("Saved. From now on you get what is chosen below."),
    "daily": gettext_lazy("Fewer mails: what came as it happens now comes together, once a day."),
    "weekly": gettext_lazy("Fewer mails: what came once a day now comes together, once a week."),
    "weekly-at-once": gettext_lazy("Fewer mails: what came as it happens now comes together, once a week."),
    "slowest": gettext_lazy("There is nothing slower than once a week. You can take a break or choose fewer topics."),
    "undone": gettext_lazy("Taken back. You get what you got before."),
    "paused": gettext_lazy("Your break has begun. Nothing is sent until it ends."),
    "resumed": gettext_lazy("Welcome back: your break is over."),
    "mailed": gettext_lazy("A mail with a link to your data is on its way to you. The link works for one hour."),
    "mailed-enough": gettext_lazy(
        "That link was mailed several times lately. Look into your inbox, or ask again in a while."
    ),
}
UNDOABLE: Final = frozenset({"changed", "daily", "weekly", "weekly-at-once", "undone"})
UNDO_FOR: Final = timedelta(minutes=15)
Status = Subscriber.Status


@dataclass(frozen=True)
class Slower:
    """How many steps down it takes to get fewer mails, from which pace to which, and how many mails that means."""

    steps: int
    now: Promise | str
    then: Promise | str
    means: str


@behind("manage")
def reader(request: HttpRequest, person: UUID) -> HttpResponse:
    """GET shows, POST does one of the deeds below and comes back here."""
    subscriber = Subscriber.objects.get(public_id=person)
    deed = DEEDS.get(request.POST.get("do", ""), _page) if request.method == "POST" else _page
    return deed(request, subscriber)


def _page(
    request: HttpRequest, subscriber: Subscriber, preferences: Preferences | None = None, pausing: Pausing | None = None
) -> HttpResponse:
    publication, said = queries.publication(), request.GET.get("said", "")
    form = preferences or _preferences(subscriber, publication)
    chosen = queries.chosen(subscriber)
    zone = _zone(subscriber, publication)
    setattr(request, SHEETS, ("readers",))
    context = {
        "address": masked(subscriber.addresses.get().value),
        "is_subscribed": subscriber.status == Status.ACTIVE,
        "means": rhythm.in_words(chosen, alerts=subscriber.alerts),
        "slower": _slower(chosen, subscriber),
        "break_ends": phrases.day(subscriber.on_break_until.astimezone(zone)) if subscriber.on_break_until else "",
        "form": form,
        "groups": list(form.groups()),
        "pausing": pausing or Pausing(None, zone),
        "counts_clicks": publication.count_clicks,
        "unsubscribe_url": links().unsubscribe(subscriber.public_id),
        "said": SAID.get(said, ""),
        "can_undo": said in UNDOABLE and _changed_just_now(subscriber),
    }
    return render(request, "web/readers/reader.html", context, status=422 if preferences or pausing else 200)


def _slower(chosen: Mapping[int, str], subscriber: Subscriber) -> Slower | None:
    """What the button for fewer mails does: as few steps as it takes; None if, as far as anybody can tell, none would do."""
    now, then = rhythm.in_words(chosen, alerts=subscriber.alerts), chosen
    for steps in range(1, len(choices.SLOWER) + 1):
        before, then = then, choices.slower(then)
        paces = choices.slowed(chosen, then)
        if paces is None or then == before:
            return None
        means = rhythm.in_words(then, alerts=subscriber.alerts)
        if not means or means != now:
            return Slower(steps, paces[0].label, paces[1].label, means)
    return None


def _changed_just_now(subscriber: Subscriber) -> bool:
    last = choices.last_change(subscriber)
    return last is not None and last > timezone.now() - UNDO_FOR


def _zone(subscriber: Subscriber, publication: Publication) -> ZoneInfo:
    return pace.zone_of(subscriber.time_zone, publication.time_zone)


def _preferences(
    subscriber: Subscriber, publication: Publication, data: Mapping[str, Any] | None = None
) -> Preferences:
    return Preferences(
        data,
        menu=queries.choosable(),
        chosen=queries.chosen(subscriber),
        subscriber=subscriber,
        publication=publication,
    )


@transaction.atomic
def _change(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    publication = queries.publication()
    form = _preferences(subscriber, publication, request.POST)
    if not form.is_valid():
        return _page(request, subscriber, preferences=form)
    actions.change(subscriber.public_id, name=form.cleaned_data["name"], choices=form.choices())
    if form.chosen_language():
        actions.set_language(subscriber.public_id, form.chosen_language())
    if form.has_hours:
        actions.set_pace(subscriber.public_id, **form.hours())
        if publication.count_clicks:
            actions.refuse_counting(subscriber.public_id, not form.cleaned_data["counted"])
    return SeeOther("?said=changed")


def _fewer(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:  # noqa: ARG001 - as its siblings
    slower = _slower(queries.chosen(subscriber), subscriber)
    slowed = actions.slow_down(subscriber.public_id, slower.steps if slower else 1)
    if slowed == (Cadence.INSTANT, Cadence.WEEKLY):
        return SeeOther("?said=weekly-at-once")
    return SeeOther(f"?said={slowed[1] if slowed else 'slowest'}")


def _undo(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:  # noqa: ARG001 - as its siblings
    actions.undo_choices(subscriber.public_id)
    return SeeOther("?said=undone")


def _pause(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = Pausing(request.POST, _zone(subscriber, queries.publication()))
    if not form.is_valid():
        return _page(request, subscriber, pausing=form)
    actions.pause(subscriber.public_id, form.moment())
    return SeeOther("?said=paused")


def _resume(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:  # noqa: ARG001 - as its siblings
    actions.pause(subscriber.public_id, None)
    return SeeOther("?said=resumed")


@transaction.atomic
def _mail_data_link(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:  # noqa: ARG001 - as its siblings
    address = subscriber.addresses.get()
    if not limits.take_for_mailbox(bytes(address.hash), "data"):
        return SeeOther("?said=mailed-enough")
    mails.send(mails.DATA, address, queries.publication())
    return SeeOther("?said=mailed")


DEEDS: Final[Mapping[str, Callable[[HttpRequest, Subscriber], HttpResponse]]] = {
    "change": _change,
    "fewer": _fewer,
    "undo": _undo,
    "pause": _pause,
    "resume": _resume,
    "mail-data-link": _mail_data_link,
}
