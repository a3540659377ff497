"""The mails a reader asked for: confirm, your page, delete everything. Each says the same in text and in HTML."""

import textwrap
from dataclasses import dataclass
from functools import lru_cache

import css_inline
from django.template.loader import render_to_string

from tocsin.audience.actions import Answer
from tocsin.audience.models import Address, Publication
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

    title: str
    subject: str
    lines: tuple[str, ...]
    button: str
    mark: Mark
    after: tuple[str, ...]


LETTERS = {
    Answer.CONFIRM: Letter(
        title="Subscription: confirm",
        subject="Please confirm: {name} by e-mail",
        lines=(
            "Somebody, we hope it was you, asked {name} to write to this address whenever there is news.",
            "Is that right? Then follow this link and press the button on the page it opens.",
        ),
        button="Confirm the subscription",
        mark=Mark.CONFIRM,
        after=(
            "The link works for seven days.",
            "If it was not you, there is nothing to do: without the button nothing more is sent.",
        ),
    ),
    Answer.ALREADY: Letter(
        title="Subscription: exists already",
        subject="You are subscribed to {name}",
        lines=(
            "Somebody, we hope it was you, asked {name} to write to this address.",
            "It is subscribed already, so there is nothing to confirm.",
            "Your own page shows what you get. Change it there, take a break, or leave.",
        ),
        button="Open your page",
        mark=Mark.MANAGE,
        after=("This link is personal: whoever has it can change what you get.",),
    ),
}
ERASURE = Letter(
    title="Deletion: link",
    subject="Delete everything {name} knows about you",
    lines=(
        "On your page at {name} it was asked to delete your name, your address and your choices for good.",
        "Is that what you want? Then follow this link and press the button on the page it opens.",
    ),
    button="Delete everything",
    mark=Mark.ERASE,
    after=("The link works for one hour.", "If you do nothing, everything stays as it is."),
)


def send(letter: Letter, address: Address, publication: Publication) -> Dispatch:
    """Plan one mail, in the caller's transaction."""
    message = compose(letter, publication)
    return tell_one(
        kind=Dispatch.Kind.READER, lane=Lane.TRANSACTIONAL, message=message, title=letter.title, address=address
    )


def compose(letter: Letter, publication: Publication) -> Message:
    """The message; the same for everybody but for the mark."""
    subject, text, html = _render(
        letter, publication.name, publication.address_line, publication.accent, publication.language
    )
    return Message(
        subject=subject,
        text=text,
        html=html,
        sender_name=publication.sender_name or publication.name,
        sender_email=publication.sender_email,
        reply_to=publication.reply_to,
        language=publication.language,
        list_name=publication.name,
        automatic=True,
    )


@lru_cache(maxsize=16)
def _render(letter: Letter, name: str, address_line: str, accent: str, language: str) -> tuple[str, str, str]:
    """Subject, text and HTML."""
    lines, after = ([line.format(name=name) for line in given] for given in (letter.lines, letter.after))
    subject = letter.subject.format(name=name)
    foot = ", ".join(filter(None, (name, address_line)))
    colour = colours.parse(accent)
    context = {
        "name": name,
        "subject": subject,
        "language": language,
        "lines": lines,
        "after": after,
        "foot": foot,
        "button": letter.button,
        "link": letter.mark.value,
        "site_url": config.current().site_url,
        "day": colours.readable_on(colour, DAY_PAPER),
        "night": colours.readable_on(colour, NIGHT_PAPER),
    }
    paragraphs = [name, "-" * WIDTH, *map(_wrap, lines), f"{letter.button}:\n{letter.mark.value}"]
    paragraphs += [*map(_wrap, after), "-" * WIDTH, _wrap(foot)]
    html = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False).inline(
        render_to_string("web/mails/letter.html", context)
    )
    return subject, "\n\n".join(paragraphs) + "\n", html


def _wrap(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
