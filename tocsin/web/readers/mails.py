"""The mails a reader asked for: confirm, your page, your data. Each says the same in text and in HTML."""

import textwrap
from dataclasses import dataclass
from functools import lru_cache

import css_inline
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy, override

from tocsin.audience.actions import Answer
from tocsin.audience.models import Address, Publication
from tocsin.content import phrases
from tocsin.courier.actions import tell_one
from tocsin.courier.message import Mark, Message
from tocsin.courier.models import Dispatch, Lane
from tocsin.lib import colours, config

WIDTH = 72
DAY_PAPER = colours.parse("#f4f0e8")
NIGHT_PAPER = colours.parse("#24211d")


@dataclass(frozen=True)
class Letter:
    """What a mail says: some lines, one button, some smaller lines. `{name}` is the publication's name."""

    title: Promise
    subject: Promise
    lines: tuple[Promise, ...]
    button: Promise
    mark: Mark
    after: tuple[Promise, ...]


LETTERS = {
    Answer.CONFIRM: Letter(
        title=gettext_lazy("Subscription: confirm"),
        subject=gettext_lazy("Please confirm: {name} by e-mail"),
        lines=(
            gettext_lazy("Somebody, we hope it was you, asked {name} to write to this address whenever there is news."),
            gettext_lazy("Is that right? Then follow this link and press the button on the page it opens."),
        ),
        button=gettext_lazy("Confirm the subscription"),
        mark=Mark.CONFIRM,
        after=(
            gettext_lazy("The link works for seven days."),
            gettext_lazy("If it was not you, there is nothing to do: without the button nothing more is sent."),
        ),
    ),
    Answer.ALREADY: Letter(
        title=gettext_lazy("Subscription: exists already"),
        subject=gettext_lazy("You are subscribed to {name}"),
        lines=(
            gettext_lazy("Somebody, we hope it was you, asked {name} to write to this address."),
            gettext_lazy("It is subscribed already, so there is nothing to confirm."),
            gettext_lazy("Your own page shows what you get. Change it there, take a break, or leave."),
        ),
        button=gettext_lazy("Open your page"),
        mark=Mark.MANAGE,
        after=(gettext_lazy("This link is personal: whoever has it can change what you get."),),
    ),
}
REMINDER = Letter(
    title=gettext_lazy("Subscription: reminder"),
    subject=gettext_lazy("Still interested? {name} by e-mail"),
    lines=(
        gettext_lazy("Some days ago somebody, we hope it was you, asked {name} to write to this address."),
        gettext_lazy("It was not confirmed yet, so nothing is sent. If you would like it, follow this link."),
    ),
    button=gettext_lazy("Confirm the subscription"),
    mark=Mark.CONFIRM,
    after=(
        gettext_lazy("The link works for seven days."),
        gettext_lazy("This is the only reminder. If you do nothing, the request and your address are deleted."),
    ),
)
DATA = Letter(
    title=gettext_lazy("Own data: link"),
    subject=gettext_lazy("Your data at {name}"),
    lines=(
        gettext_lazy("On your page at {name} it was asked what is kept about you."),
        gettext_lazy(
            "This link shows it: what was sent to you and why, what you agreed to, and your data to download or to delete."
        ),
    ),
    button=gettext_lazy("See your data"),
    mark=Mark.DATA,
    after=(
        gettext_lazy("The link works for one hour. Do not pass it on: it shows your address."),
        gettext_lazy("If it was not you who asked, there is nothing to do."),
    ),
)


def send(letter: Letter, address: Address, publication: Publication, *, not_before_us: int = 0) -> Dispatch:
    """Plan one mail in the reader's language, in the caller's transaction; sent at `not_before_us` (ledger time) at the earliest."""
    message = compose(letter, publication, address.subscriber.language)
    with override(publication.language):
        title = str(letter.title)
    return tell_one(
        kind=Dispatch.Kind.READER,
        lane=Lane.TRANSACTIONAL,
        message=message,
        title=title,
        address=address,
        not_before_us=not_before_us,
    )


def compose(letter: Letter, publication: Publication, language: str) -> Message:
    """The message in a language; the same for everybody but for the mark."""
    with override(language):
        subject, text, html = _render(letter, publication.name, publication.address_line, publication.accent, language)
    return Message(
        subject=subject,
        text=text,
        html=html,
        sender_name=publication.sender_name or publication.name,
        sender_email=publication.sender_email,
        reply_to=publication.reply_to,
        language=language,
        list_name=publication.name,
        automatic=True,
    )


@lru_cache(maxsize=16)
def _render(letter: Letter, name: str, address_line: str, accent: str, language: str) -> tuple[str, str, str]:
    """Subject, text and HTML, in the language that is active."""
    lines, after = ([str(line).format(name=name) for line in given] for given in (letter.lines, letter.after))
    subject = str(letter.subject).format(name=name)
    button = str(letter.button)
    foot = ", ".join(filter(None, (name, address_line)))
    colour = colours.parse(accent)
    context = {
        "name": name,
        "subject": subject,
        "language": language,
        **phrases.sides(language),
        "lines": lines,
        "after": after,
        "foot": foot,
        "button": button,
        "link": letter.mark.value,
        "site_url": config.current().site_url,
        "day": colours.readable_on(colour, DAY_PAPER),
        "night": colours.readable_on(colour, NIGHT_PAPER),
    }
    paragraphs = [name, "-" * WIDTH, *map(_wrap, lines), f"{button}:\n{letter.mark.value}"]
    paragraphs += [*map(_wrap, after), "-" * WIDTH, _wrap(foot)]
    html = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(
        render_to_string("web/mails/letter.html", context)
    )
    return subject, "\n\n".join(paragraphs) + "\n", html


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
