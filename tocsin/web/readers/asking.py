"""What becomes of a request to subscribe, from whichever form: a mail at once or later, a question back, or a sum first.

Every address gets the same answer, whether it is new, known or must not be written to; what differs is only the mail.
Where a machine may be asking, a page of its own has the reader's browser do a sum; without JavaScript its button works
too, and the mail comes later.
"""

from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from tocsin.audience import actions, limits, queries, wordings
from tocsin.audience import choices as history
from tocsin.audience.choices import Choices
from tocsin.audience.models import Address, Cadence
from tocsin.lib import addresses, clock
from tocsin.lib.addresses import EmailAddress
from tocsin.lib.mailboxes import likely_meant
from tocsin.web import languages
from tocsin.web.context import SHEETS
from tocsin.web.look import script
from tocsin.web.readers import mails, notices, sums, suspicion
from tocsin.web.readers.forms import Subscribing
from tocsin.web.readers.guards import private
from tocsin.web.readers.notices import SeeOther
from tocsin.web.security import public_policy

SENT: Final = "subscribe_sent"
SENT_LATER: Final = "subscribe_sent_later"
PATIENCE_MINUTES: Final = 15
"""So much later the mail is sent to whoever could not do the sum."""

AGAIN: Final = "again"
"""The button behind an old link to confirm: mail me a new one."""

KEPT: Final = "kept"
ALSO_CARRIED: Final = (KEPT, "since", "back")
TRAP: Final = "website"
LONGEST_TOKEN: Final = 100
LONGEST_URL: Final = 1_000


@dataclass(frozen=True)
class Door:
    """Which form it was: where it stands, and a URL there that may be linked to (empty for our own)."""

    source: str
    back: str

    def after(self, page: str) -> str:
        """Where the page is that says what happened, with the way back."""
        path = reverse(page)
        return f"{path}?{urlencode({'back': self.back})}" if self.back else path


@dataclass(frozen=True)
class Wanted:
    """Who is to be told what."""

    email: EmailAddress
    name: str
    choices: Choices


@private
def ask(request: HttpRequest, source: str, back: str = "") -> HttpResponse:
    """Answer a posted form. `source`: where it was filled in; `back`: a URL there that may be linked to."""
    door = Door(source, back)
    form = Subscribing(request.POST)
    if form.is_trap_sprung:
        return SeeOther(door.after(SENT))
    if not form.is_valid():
        return _to_be_mended(request, form)
    meant = None if KEPT in request.POST else likely_meant(form.cleaned_data["email"])
    return _did_you_mean(request, form, meant) if meant else _weigh(request, form, door)


def ask_again(request: HttpRequest, person: UUID) -> HttpResponse:
    """Mail a new link to whom an old one was mailed, as if they had filled in the form as they did before.

    The old one is no secret by now, but only its owner gets the new one. No sum: nobody else's mailbox can be named.
    """
    if not _is_in_limits(request):
        return notices.too_many(request)
    address = queries.address_of(person)
    if address:
        _plan_mail(request, _as_before(address), "old confirmation link")
    return SeeOther(reverse(SENT))


def _as_before(address: Address) -> Wanted:
    choices = history.latest(address.subscriber) or {queries.everything().pk: Cadence.INSTANT}
    return Wanted(addresses.parse(address.value), address.subscriber.name, choices)


def _is_in_limits(request: HttpRequest) -> bool:
    return limits.take(limits.NETWORK, suspicion.network(request)) and limits.take(limits.SITE)


def _weigh(request: HttpRequest, form: Subscribing, door: Door) -> HttpResponse:
    """Mail at once, later, or not before a sum is done."""
    if not _is_in_limits(request):
        return notices.too_many(request)
    email = form.cleaned_data["email"]
    mailbox = queries.mailbox_of(email)
    if sums.is_solved(mailbox, request.POST.get("altcha", "")):
        return _answer_by_mail(request, form, door)
    if sums.was_shown(mailbox, request.POST.get("shown", "")):
        return _answer_later(request, form, door)
    if suspicion.is_suspicious(request, email):
        return _one_moment(request, form, mailbox)
    return _answer_by_mail(request, form, door)


def _to_be_mended(request: HttpRequest, form: Subscribing) -> HttpResponse:
    """The form with what is wrong in it."""
    since, back = request.POST.get("since", "")[:LONGEST_TOKEN], request.POST.get("back", "")[:LONGEST_URL]
    context = {"form": form, "since": since, "back": back, "action": request.path}
    setattr(request, SHEETS, ("readers",))
    return _answering_here(render(request, "web/readers/subscribe.html", context, status=422))


def _did_you_mean(request: HttpRequest, form: Subscribing, meant: str) -> HttpResponse:
    """Two buttons: what was probably meant, and what was typed."""
    context = {
        "meant": meant,
        "typed": form.cleaned_data["email"].value,
        "carried": [*_carried(request, form, without="email"), (KEPT, "1")],
    }
    return _answering_here(render(request, "web/readers/meant.html", context))


def _one_moment(request: HttpRequest, form: Subscribing, mailbox: bytes) -> HttpResponse:
    """The sum, with what was typed beside it."""
    sum_script = script("sum")
    context = {
        "sum": sums.pose(mailbox),
        "script": sum_script.text,
        "minutes": PATIENCE_MINUTES,
        "carried": _carried(request, form),
    }
    response = render(request, "web/readers/sum.html", context)
    response.headers["Content-Security-Policy"] = public_policy(request, scripts=sum_script.source)
    return _answering_here(response)


def _carried(request: HttpRequest, form: Subscribing, *, without: str = "") -> list[tuple[str, str]]:
    """What was filled in, for a form that sends it on."""
    names = [name for name in (*form.fields, *ALSO_CARRIED) if name not in {TRAP, without}]
    return [(name, value) for name in names for value in request.POST.getlist(name)]


def _answering_here(response: HttpResponse) -> HttpResponse:
    """The form on this page is to say where it comes from."""
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _answer_later(request: HttpRequest, form: Subscribing, door: Door) -> HttpResponse:
    if not limits.take(limits.PATIENT, suspicion.network(request)):
        return notices.too_many(request)
    _plan_mail(request, _wanted(form), door.source, clock.now_us() + PATIENCE_MINUTES * clock.MINUTE)
    return SeeOther(door.after(SENT_LATER))


def _answer_by_mail(request: HttpRequest, form: Subscribing, door: Door) -> HttpResponse:
    _plan_mail(request, _wanted(form), door.source)
    return SeeOther(door.after(SENT))


def _wanted(form: Subscribing) -> Wanted:
    return Wanted(form.cleaned_data["email"], form.cleaned_data["name"], form.choices())


@transaction.atomic
def _plan_mail(request: HttpRequest, wanted: Wanted, source: str, not_before_us: int = 0) -> None:
    """Record the request and plan its mail, together. Too often for one mailbox: neither, and nobody can tell."""
    publication = queries.publication()
    if not limits.take_for_mailbox(queries.mailbox_of(wanted.email), "subscribe"):
        return
    asked = actions.ask(
        wanted.email,
        name=wanted.name,
        choices=wanted.choices,
        wording=wordings.subscribing(publication.name),
        language=languages.current(),
        source=source,
        ip=request.META.get("REMOTE_ADDR"),
    )
    mails.send(mails.LETTERS[asked.answer], asked.address, publication, not_before_us=not_before_us)
