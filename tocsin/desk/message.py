"""A post as the message its readers get: one subject, a plain text and an HTML part that say the same.

Pure but for reading the post (and making its pictures' mail sizes). Personal links are marks, see `courier.message`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import css_inline
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import override

from tocsin.audience.models import Publication
from tocsin.content import phrases
from tocsin.content.models import PostPage
from tocsin.courier.message import Mark, Message
from tocsin.desk import body, plaintext
from tocsin.desk.body import Part, clean
from tocsin.desk.plaintext import LinkNotes
from tocsin.lib import colours, config

DAY_PAPER = colours.parse("#f4f0e8")  # the darkest light surface words stand on
NIGHT_PAPER = colours.parse("#24211d")  # the lightest dark one
SECTION = "-" * plaintext.WIDTH

_INLINER = css_inline.CSSInliner(keep_at_rules=True, load_remote_stylesheets=False)


@dataclass(frozen=True)
class Letter:
    """What both parts of a message say, in words ready to be set. Empty where there is nothing to say."""

    name: str
    imprint: str
    url: str
    title: str
    label: str
    byline: str
    expires: str
    summary: str
    note: str
    reason: str
    parts: list[Part]


def render(post: PostPage, publication: Publication, *, correction: str | None = None) -> Message:
    """The message that tells of `post`. `correction`: what was put right, or "" - then it is marked as corrected."""
    language = post.locale.language_code
    with override(language):
        letter = _letter(post, publication, correction)
        subject = _subject(letter, corrected=correction is not None)
        return Message(
            subject=subject,
            text=_text(letter),
            html=_html(letter, publication.accent, subject, language),
            sender_name=_line(publication.sender_name or publication.name),
            sender_email=publication.sender_email,
            reply_to=publication.reply_to,
            language=language,
            list_name=letter.name,
            bulk=True,
            archived_at=letter.url,
        )


def public_url(post: PostPage) -> str:
    """The whole address of a post, below the configured site."""
    path = post.get_url_parts()[2]
    return f"{config.current().site_url}{path}"


def alert_label(post: PostPage) -> str:
    """How an alert introduces itself, e.g. `Severe alert`; empty for news."""
    if post.kind != PostPage.Kind.ALERT:
        return ""
    if post.alert_status == PostPage.AlertStatus.CANCEL:
        return _("Alert cancelled")
    label = str(phrases.ALERTS[post.severity])
    return _("{alert}, update").format(alert=label) if post.alert_status == PostPage.AlertStatus.UPDATE else label


def _letter(post: PostPage, publication: Publication, correction: str | None) -> Letter:
    url = public_url(post)
    zone = ZoneInfo(publication.time_zone)
    alert = post.kind == PostPage.Kind.ALERT
    name = _line(publication.name)
    return Letter(
        name=name,
        imprint=_imprint(name, _line(publication.address_line)),
        url=url,
        title=_line(post.title),
        label=alert_label(post),
        byline=_byline(post, zone, with_time=alert),
        expires=_("In force until {moment}").format(moment=_moment(post.alert_expires_at, zone, with_time=True))
        if alert and post.alert_expires_at
        else "",
        summary=clean(post.summary).strip(),
        note=clean(correction or "").strip(),
        reason=_("You get this mail because you asked {name} to tell you.").format(name=name),
        parts=body.parts(post, url),
    )


def _subject(letter: Letter, *, corrected: bool) -> str:
    subject = f"{letter.label}: {letter.title}" if letter.label else letter.title
    return _("Corrected: {subject}").format(subject=subject) if corrected else subject


def _byline(post: PostPage, zone: ZoneInfo, *, with_time: bool) -> str:
    names = [_line(author.name) for author in post.authors]
    moment = _moment(post.shown_at, zone, with_time=with_time) if post.shown_at else ""
    written = _("By {names}").format(names=phrases.listed(names)) if names else ""
    return " · ".join(part for part in (written, moment) if part)


def _moment(moment: datetime, zone: ZoneInfo, *, with_time: bool) -> str:
    local = moment.astimezone(zone)
    return phrases.day_and_hour(local) if with_time else phrases.day(local)


def _imprint(name: str, address_line: str) -> str:
    """Who sends this and where they sit; many write their name into the address themselves."""
    return address_line if address_line.startswith(name) else ", ".join(part for part in (name, address_line) if part)


def _line(text: str) -> str:
    return " ".join(clean(text).split())


def _html(letter: Letter, chosen_accent: str, subject: str, language: str) -> str:
    accent = colours.parse(chosen_accent)
    context: dict[str, Any] = {
        "letter": letter,
        "body": body.as_html(letter.parts),
        "subject": subject,
        "language": language,
        "direction": phrases.direction(language),
        "site_url": config.current().site_url,
        "day": colours.readable_on(accent, DAY_PAPER),
        "night": colours.readable_on(accent, NIGHT_PAPER),
        "manage": Mark.MANAGE.value,
        "unsubscribe": Mark.UNSUBSCRIBE.value,
    }
    return _INLINER.inline(render_to_string("desk/mail/post.html", context))


def _text(letter: Letter) -> str:
    links = LinkNotes(letter.url)
    title = plaintext.wrap(letter.title)
    note = _("Correction: {note}").format(note=letter.note) if letter.note else ""
    above = [
        letter.name,
        SECTION,
        plaintext.wrap(note) if note else "",
        letter.label,
        f"{title}\n{'=' * max(map(len, title.splitlines()))}",
        "\n".join(line for line in (letter.byline, letter.expires) if line),
        plaintext.wrap(letter.summary) if letter.summary else "",
        body.as_text(letter.parts, links),
    ]
    below = [
        links.listing(),
        f"{_('Read on the site:')}\n{letter.url}",
        SECTION,
        plaintext.wrap(letter.reason),
        f"{_('Change what you get:')}\n{Mark.MANAGE.value}",
        f"{_('Unsubscribe:')}\n{Mark.UNSUBSCRIBE.value}",
        plaintext.wrap(letter.imprint),
    ]
    return "\n\n".join(part for part in (*above, *below) if part) + "\n"
