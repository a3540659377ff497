"""What is kept about a reader: shown, downloaded, deleted. Only behind a fresh link, mailed on request: it shows the address."""

import json
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from tocsin.audience import actions
from tocsin.audience.models import Consent, Subscriber
from tocsin.courier import actions as courier
from tocsin.lib.clock import SECOND, now_us
from tocsin.web.context import SHEETS
from tocsin.web.readers import notices
from tocsin.web.readers.copy_of_data import copy_of
from tocsin.web.readers.guards import behind, links
from tocsin.web.readers.notices import Next
from tocsin.web.readers.sent import sent

SHOWN = 100


@behind("data")
def data(request: HttpRequest, person: UUID) -> HttpResponse:
    """What was sent, why, and what was agreed to. Nothing here changes anything."""
    subscriber = Subscriber.objects.get(public_id=person)
    mails = sent(subscriber, most=SHOWN + 1)
    setattr(request, SHEETS, ("readers",))
    context = {
        "subscriber": subscriber,
        "address": subscriber.addresses.get().value,
        "mails": mails[:SHOWN],
        "is_cut": len(mails) > SHOWN,
        "shown": SHOWN,
        "consents": Consent.objects.filter(subscriber_id=subscriber.pk).select_related("text").order_by("id"),
        "own_page": links().manage(person),
        "erase_url": links().erase(person, now_us() // SECOND),
    }
    return render(request, "web/readers/data.html", context)


@behind("data")
def export(request: HttpRequest, person: UUID) -> HttpResponse:  # noqa: ARG001 - as its siblings
    """Everything as a JSON file."""
    made = json.dumps(copy_of(Subscriber.objects.get(public_id=person)), ensure_ascii=False, indent=2)
    response = HttpResponse(made + "\n", content_type="application/json; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="my-data-{timezone.now():%Y-%m-%d}.json"'
    return response


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
            back=links().manage(person),
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
