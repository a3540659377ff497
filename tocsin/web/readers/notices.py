"""The small pages that say one thing. None tells whether an address is known here."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


class SeeOther(HttpResponseRedirect):
    """303: what was posted is done; look there, and reloading does not post again."""

    status_code = 303


@dataclass(frozen=True)
class Next:
    """The one thing to do next."""

    url: str
    label: str


def subscribe() -> str:
    """Where to subscribe, in the language of the page."""
    return reverse("subscribe")


def notice(
    request: HttpRequest, heading: str, *lines: str, following: Next | None = None, status: int = 200
) -> HttpResponse:
    """A page with a heading and some lines."""
    context = {"title": heading, "heading": heading, "lines": lines}
    if following:
        context |= {"next_url": following.url, "next_label": following.label}
    return render(request, "web/notice.html", context, status=status)


def question(request: HttpRequest, heading: str, *lines: str, button: str, back: str = "") -> HttpResponse:
    """A page with a button that posts to its own address: what a link alone must not do. `back`: where *no* leads."""
    context = {"title": heading, "heading": heading, "lines": lines, "button": button, "back": back}
    return render(request, "web/readers/question.html", context)


def another_link(request: HttpRequest, heading: str, *lines: str, status: int = 200) -> HttpResponse:
    """A page with a button that asks for a new confirmation link, and the words of consent: it asks what the form asks."""
    context = {"title": heading, "heading": heading, "lines": lines}
    return render(request, "web/readers/another_link.html", context, status=status)


def sent(request: HttpRequest, back: str = "") -> HttpResponse:
    """The one answer to everybody who subscribes. `back`: where they came from, if not from here."""
    return notice(
        request,
        _("Look into your inbox"),
        _(
            "If the address is right, a mail is on its way to it. Open it and follow its link: only then are you subscribed."
        ),
        _(
            "Nothing there after a few minutes? Look among the spam, check how you spelt the address, and ask again. "
            "To protect mailboxes we write to the same address only a few times a day."
        ),
        following=_on_from(back),
    )


def sent_later(request: HttpRequest, minutes: int, back: str = "") -> HttpResponse:
    """The one answer to everybody who subscribes without having done the sum."""
    return notice(
        request,
        _("Look into your inbox later"),
        ngettext(
            "If the address is right, a mail goes to it in about %(minutes)s minute. "
            "Open it and follow its link: only then are you subscribed.",
            "If the address is right, a mail goes to it in about %(minutes)s minutes. "
            "Open it and follow its link: only then are you subscribed.",
            minutes,
        )
        % {"minutes": minutes},
        _("You need not wait here, and there is no need to ask again: that would not make it any faster."),
        following=_on_from(back),
    )


def _on_from(back: str) -> Next:
    """The way on: to the news, or back to the other site."""
    if not back:
        return Next("/", _("Back to the news"))
    return Next(back, _("Back to %(site)s") % {"site": urlsplit(back).hostname})


def broken(request: HttpRequest) -> HttpResponse:
    """The token is not one of ours."""
    return notice(
        request,
        _("This link does not work"),
        _("It may have been cut off on its way. Copy it whole from the mail, or use the link in a newer mail."),
        _(
            "No mail at hand? Enter your address as if to subscribe: if it is subscribed already, the mail that comes "
            "leads to your own page, where you can also unsubscribe."
        ),
        following=Next(subscribe(), _("To the form")),
        status=404,
    )


def gone(request: HttpRequest) -> HttpResponse:
    """The token is ours, but there is no subscription behind it now."""
    return notice(
        request,
        _("There is no subscription behind this link"),
        _("It was ended, or everything about it was deleted. Nothing is sent."),
        _("If you would like to be told again, subscribe anew."),
        following=Next(subscribe(), _("Subscribe")),
        status=410,
    )


def expired(request: HttpRequest) -> HttpResponse:
    """The token is ours, but too old."""
    line = _("For your safety it worked for an hour only. Ask for a new one on your own page: every mail links there.")
    return notice(request, _("This link has expired"), line, status=410)


def foreign(request: HttpRequest) -> HttpResponse:
    """The form was sent from somebody else's page."""
    return notice(
        request,
        _("This form was not sent from our own pages"),
        _(
            "Nothing was done. Please fill in the form here; if your browser hides where a form comes from, allow it for this site."
        ),
        following=Next(subscribe(), _("To the form")),
        status=403,
    )


def too_many(request: HttpRequest) -> HttpResponse:
    """A limit was reached."""
    response = notice(
        request,
        _("Too many requests just now"),
        _(
            "Many subscriptions were asked for in a short time, more than we can take. Please try again in a few minutes."
        ),
        following=Next(subscribe(), _("To the form")),
        status=429,
    )
    response.headers["Retry-After"] = "300"
    return response
