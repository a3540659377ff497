"""The demo's inbox. It exists only while mail is caught (`Config.inbox_enabled`): it shows everybody's mail to anybody.

The HTML of a mail is shown in a frame without scripts, forms or an origin of its own; its links open in a new tab.
"""

from collections.abc import Callable
from email.message import EmailMessage
from enum import Enum
from functools import wraps

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_safe

from tocsin.channels.email import caught
from tocsin.lib import config
from tocsin.web.security import public_policy

SANDBOX = "allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
SHOWN = 100


class Face(Enum):
    """The ways a mail is shown."""

    HTML = "html"
    TEXT = "text"
    HEADERS = "headers"
    SOURCE = "source"

    @property
    def label(self) -> str:
        """What its link says."""
        return str(LABELS[self])


LABELS = {
    Face.HTML: "HTML",
    Face.TEXT: gettext_lazy("Text"),
    Face.HEADERS: gettext_lazy("Headers"),
    Face.SOURCE: gettext_lazy("Source"),
}

View = Callable[..., HttpResponse]


def while_mail_is_caught(view: View) -> View:
    """A view of the inbox: 404 where there is none, and for a mail that is not in it. Never cached."""

    @require_safe
    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: str) -> HttpResponse:
        if not config.current().inbox_enabled:
            raise Http404("mail is not caught here")
        try:
            response = view(request, **kwargs)
        except caught.NoSuchMail as error:
            raise Http404(error.message) from error
        response.headers["Cache-Control"] = "no-store"
        return response

    return guarded


@while_mail_is_caught
def inbox(request: HttpRequest) -> HttpResponse:
    """The newest mails, newest first."""
    return render(request, "web/inbox/list.html", {"mails": caught.mails(limit=SHOWN), "shown": SHOWN})


@while_mail_is_caught
def mail(request: HttpRequest, mail_id: str) -> HttpResponse:
    """One mail, shown as `?as=` asks: html, text, headers or source."""
    found = caught.load(mail_id)
    faces = _faces(found)
    asked = request.GET.get("as", faces[0].value)
    face = next((face for face in faces if face.value == asked), faces[0])
    context = {"mail": found, "mail_id": mail_id, "face": face, "faces": faces, "to": found[caught.ENVELOPE_TO]}
    response = render(request, "web/inbox/mail.html", {**context, **_shown(face, found, mail_id), "sandbox": SANDBOX})
    response.headers["Content-Security-Policy"] = public_policy(request, frames="'self'")
    return response


@while_mail_is_caught
@xframe_options_sameorigin
def frame(request: HttpRequest, mail_id: str) -> HttpResponse:  # noqa: ARG001
    """The HTML of one mail, for the frame on its page."""
    body = caught.load(mail_id).get_body(("html",))
    if body is None:
        raise Http404("this mail has no HTML")
    policy = (
        f"sandbox {SANDBOX}; default-src 'none'; style-src 'unsafe-inline'; "
        f"img-src 'self' {config.current().site_url} data:; frame-ancestors 'self'"
    )
    links_open_outside = '<base target="_blank">'
    return HttpResponse(links_open_outside + body.get_content(), headers={"Content-Security-Policy": policy})


def _faces(found: EmailMessage) -> list[Face]:
    return [face for face in Face if face is not Face.HTML or found.get_body(("html",)) is not None]


def _shown(face: Face, found: EmailMessage, mail_id: str) -> dict[str, object]:
    if face is Face.TEXT:
        part = found.get_body(("plain",))
        return {"text": part.get_content() if part else ""}
    if face is Face.HEADERS:
        return {"headers": [(name, str(value)) for name, value in found.items()]}
    if face is Face.SOURCE:
        return {"source": caught.source(mail_id).decode("utf-8", "replace")}
    return {}
