"""Subscribing, confirming, leaving. A reader's own page is `own_page`, what is kept about them `own_data`.

GET never changes anything: mail scanners follow links. What becomes of a request to subscribe is in `asking`.
"""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from tocsin.audience import actions, queries
from tocsin.audience.actions import Confirmed
from tocsin.audience.models import Subscriber
from tocsin.web.context import SHEETS
from tocsin.web.elsewhere.queries import way_back
from tocsin.web.readers import asking, notices, suspicion
from tocsin.web.readers.forms import Subscribing
from tocsin.web.readers.guards import behind, is_foreign, links, private
from tocsin.web.readers.notices import Next

ONE_CLICK = ("List-Unsubscribe", "One-Click")
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
    setattr(request, SHEETS, ("readers",))
    context = {"form": Subscribing(), "since": suspicion.since(), "choosing": "choose" in request.GET}
    response = render(request, "web/readers/subscribe.html", context)
    response.headers["Cache-Control"] = "no-store"
    return response


@require_safe
@private
def sent(request: HttpRequest) -> HttpResponse:
    """What everybody sees after subscribing."""
    return notices.sent(request, way_back(request.GET.get("back", "")))


@require_safe
@private
def sent_later(request: HttpRequest) -> HttpResponse:
    """The same for who could not do a sum."""
    return notices.sent_later(request, asking.PATIENCE_MINUTES, way_back(request.GET.get("back", "")))


def _expired(request: HttpRequest, person: UUID) -> HttpResponse:
    """An old link to confirm: it does nothing more, but a new one can be asked for. Looks the same for everybody."""
    if asking.AGAIN in request.POST:
        return asking.ask_again(request, person)
    return notices.another_link(
        request,
        _("This link has expired"),
        _("It worked for seven days. Press the button, and a new one is mailed to the same address."),
        status=410,
    )


@behind("confirm", when_expired=_expired)
def confirm(request: HttpRequest, person: UUID) -> HttpResponse:
    """GET asks, POST subscribes."""
    if asking.AGAIN in request.POST:
        return asking.ask_again(request, person)
    if request.method == "POST":
        return _confirmed(request, person, actions.confirm(person, request.META.get("REMOTE_ADDR")))
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
    return notices.another_link(
        request,
        _("You have unsubscribed since"),
        _("This link was used before, and you left after that. If you would like to come back, have a new one mailed."),
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
        following=Next(notices.subscribe(), _("Subscribe")),
    )
