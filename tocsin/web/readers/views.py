"""Subscribing, confirming, a reader's own page, leaving, being deleted.

GET never changes anything: mail scanners follow links. What becomes of a request to subscribe is in `asking`.
"""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tocsin.audience import actions, limits, queries
from tocsin.audience.actions import Confirmed
from tocsin.audience.models import Followable, Subscriber
from tocsin.courier import actions as courier
from tocsin.lib.addresses import masked
from tocsin.web.readers import asking, mails, notices, suspicion
from tocsin.web.readers.asking import SeeOther
from tocsin.web.readers.forms import Pausing, Preferences, Subscribing
from tocsin.web.readers.guards import behind, is_foreign, links, private
from tocsin.web.readers.notices import Next

ONE_CLICK = ("List-Unsubscribe", "One-Click")
SAID = {
    "changed": gettext_lazy("Saved. From now on you get what is chosen below."),
    "paused": gettext_lazy("Your break has begun. Nothing is sent until it ends."),
    "resumed": gettext_lazy("Welcome back: your break is over."),
    "mailed": gettext_lazy(
        "A mail with a link to delete everything is on its way to you. The link works for one hour."
    ),
    "mailed-enough": gettext_lazy(
        "That link was mailed several times lately. Look into your inbox, or ask again in a while."
    ),
}
GROUPS = (
    ("", Followable.Kind.EVERYTHING),
    (gettext_lazy("Topics"), Followable.Kind.TOPIC),
    (gettext_lazy("Authors"), Followable.Kind.AUTHOR),
)
Status = Subscriber.Status


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """The Stay informed form, with topics and pace."""
    if request.method != "POST":
        return _empty_form(request)
    return _ask(request)


@private
def _ask(request: HttpRequest) -> HttpResponse:
    return notices.foreign(request) if is_foreign(request) else asking.ask(request, "form")


def _empty_form(request: HttpRequest) -> HttpResponse:
    """The form as it is first shown. It says since when, so it is made for each reader."""
    response = render(request, "web/readers/subscribe.html", {"form": Subscribing(), "since": suspicion.since()})
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
@private
def sent(request: HttpRequest) -> HttpResponse:
    """What everybody sees after subscribing."""
    return notices.sent(request)


@require_safe
@private
def sent_later(request: HttpRequest) -> HttpResponse:
    """The same for who could not do a sum."""
    return notices.sent_later(request, asking.PATIENCE_MINUTES)


@behind("confirm")
def confirm(request: HttpRequest, person: UUID) -> HttpResponse:
    """GET asks, POST subscribes."""
    if request.method == "POST":
        return _confirmed(request, person, actions.confirm(person))
    status = Subscriber.objects.get(public_id=person).status
    if status != Status.PENDING:
        return _confirmed(request, person, Confirmed.BEFORE if status == Status.ACTIVE else Confirmed.LEFT_SINCE)
    return notices.question(
        request,
        _("One more step"),
        _("Press the button, and {name} writes to you from now on. You can change that or leave at any time.").format(
            name=queries.publication().name
        ),
        button=_("Yes, subscribe me"),
    )


def _confirmed(request: HttpRequest, person: UUID, result: Confirmed) -> HttpResponse:
    own_page = Next(links().manage(person), _("See what you get"))
    if result is Confirmed.NOW:
        return notices.notice(
            request, _("You are subscribed"), _("Thank you. The next news comes to your inbox."), following=own_page
        )
    if result is Confirmed.BEFORE:
        return notices.notice(
            request, _("You are subscribed already"), _("There is nothing more to confirm."), following=own_page
        )
    return notices.notice(
        request,
        _("You have unsubscribed since"),
        _("This link was used before, and you left after that. If you would like to come back, subscribe anew."),
        following=Next(notices.SUBSCRIBE, _("Subscribe")),
    )


@behind("unsubscribe", posted_from_anywhere=True)
def unsubscribe(request: HttpRequest, person: UUID) -> HttpResponse:
    """GET asks, POST unsubscribes: from the page, or by a mail program's own button (RFC 8058), which wants no page."""
    name, one_click = ONE_CLICK
    is_one_click = request.POST.get(name) == one_click
    subscriber = Subscriber.objects.filter(public_id=person).first()
    if subscriber and request.method == "POST":
        actions.unsubscribe(person, "one-click" if is_one_click else "button on the page")
    if is_one_click:
        return HttpResponse(_("You are unsubscribed.") + "\n", content_type="text/plain; charset=utf-8")
    if subscriber and subscriber.status == Status.ACTIVE and request.method != "POST":
        return notices.question(
            request,
            _("Unsubscribe?"),
            _("Press the button, and {name} sends you nothing more.").format(name=queries.publication().name),
            button=_("Unsubscribe"),
        )
    return notices.notice(
        request,
        _("You are unsubscribed"),
        _("Nothing more is sent to you. What is on its way already may still arrive."),
        _("Changed your mind? You are welcome back at any time."),
        following=Next(notices.SUBSCRIBE, _("Subscribe")),
    )


@behind("erase")
def erase(request: HttpRequest, person: UUID) -> HttpResponse:
    """GET asks, POST deletes everything about a person."""
    subscriber = Subscriber.objects.filter(public_id=person).first()
    if subscriber and request.method != "POST":
        return notices.question(
            request,
            _("Delete everything?"),
            _("Your name, your address and your choices are deleted for good, and nothing more is sent to you."),
            _(
                "What remains is a code made of the address that names nobody: it proves what you agreed to, "
                "and keeps the address from being added again by mistake."
            ),
            button=_("Delete everything"),
        )
    if subscriber:
        with transaction.atomic():
            courier.scrub(subscriber.pk)
            actions.erase(person)
    return notices.notice(
        request,
        _("Everything is deleted"),
        _("We no longer know your address."),
        following=Next("/", _("To the news")),
    )


@behind("manage")
def reader(request: HttpRequest, person: UUID) -> HttpResponse:
    """A reader's own page: what they get, a break, leaving. The link may have been forwarded: it shows no address."""
    subscriber = Subscriber.objects.get(public_id=person)
    deed = DEEDS.get(request.POST.get("do", ""), _page) if request.method == "POST" else _page
    return deed(request, subscriber)


def _page(
    request: HttpRequest, subscriber: Subscriber, preferences: Preferences | None = None, pausing: Pausing | None = None
) -> HttpResponse:
    form = preferences or _preferences(subscriber)
    context = {
        "address": masked(subscriber.addresses.get().value),
        "is_subscribed": subscriber.status == Status.ACTIVE,
        "on_break_until": subscriber.on_break_until,
        "form": form,
        "groups": [(heading, form.rows(kind)) for heading, kind in GROUPS],
        "pausing": pausing or Pausing(None, queries.publication()),
        "unsubscribe_url": links().unsubscribe(subscriber.public_id),
        "said": SAID.get(request.GET.get("said", "")),
    }
    return render(request, "web/readers/reader.html", context, status=422 if preferences or pausing else 200)


def _preferences(subscriber: Subscriber, data: Mapping[str, Any] | None = None) -> Preferences:
    return Preferences(data, menu=queries.choosable(), chosen=queries.chosen(subscriber), name=subscriber.name)


def _change(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = _preferences(subscriber, request.POST)
    if not form.is_valid():
        return _page(request, subscriber, preferences=form)
    actions.change(subscriber.public_id, name=form.cleaned_data["name"], choices=form.choices())
    return SeeOther("?said=changed")


def _pause(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:
    form = Pausing(request.POST, queries.publication())
    if not form.is_valid():
        return _page(request, subscriber, pausing=form)
    actions.pause(subscriber.public_id, form.moment())
    return SeeOther("?said=paused")


def _resume(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:  # noqa: ARG001 - as its siblings
    actions.pause(subscriber.public_id, None)
    return SeeOther("?said=resumed")


@transaction.atomic
def _mail_erasure_link(request: HttpRequest, subscriber: Subscriber) -> HttpResponse:  # noqa: ARG001 - as its siblings
    address = subscriber.addresses.get()
    if not limits.take_for_mailbox(bytes(address.hash), "erase"):
        return SeeOther("?said=mailed-enough")
    mails.send(mails.ERASURE, address, queries.publication())
    return SeeOther("?said=mailed")


DEEDS: Mapping[str, Callable[[HttpRequest, Subscriber], HttpResponse]] = {
    "change": _change,
    "pause": _pause,
    "resume": _resume,
    "mail-erasure-link": _mail_erasure_link,
}
