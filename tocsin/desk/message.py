"""A post as the message its readers get: one subject, a plain text and an HTML part that say the same.

Pure but for reading the post (and making its pictures' mail sizes). Personal links are marks, see `courier.message`.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import override

from tocsin.audience.models import Publication
from tocsin.content import phrases
from tocsin.content.models import PostPage
from tocsin.courier.message import Message
from tocsin.desk import body, counting, letterhead, plaintext
from tocsin.desk.body import Part, clean
from tocsin.desk.plaintext import LinkNotes
from tocsin.lib import config


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

    @property
    def preview(self) -> str:
        """What a list of mails shows beside the subject."""
        return self.summary


def render(
    post: PostPage, publication: Publication, *, correction: str | None = None, counted: bool = False
) -> Message:
    """The message that tells of `post`. `correction`: what was put right, or "" - then it is marked as corrected.

    `counted`: it says that its links are counted; making them so is for `counting.counted`.
    """
    language = post.locale.language_code
    with override(language):
        letter = _letter(post, publication, correction)
        if counted:
            letter = replace(letter, reason=f"{letter.reason} {counting.notice()}")
        subject = _subject(letter, corrected=correction is not None)
        return Message(
            subject=subject,
            text=_text(letter),
            html=_html(letter, publication.accent, subject, language),
            sender_name=letterhead.line(publication.sender_name or publication.name),
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
    name = letterhead.line(publication.name)
    return Letter(
        name=name,
        imprint=letterhead.imprint(name, letterhead.line(publication.address_line)),
        url=url,
        title=letterhead.line(post.title),
        label=alert_label(post),
        byline=byline(post, zone, with_time=alert),
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


def byline(post: PostPage, zone: ZoneInfo, *, with_time: bool) -> str:
    """Who wrote it and when, as its readers see it; empty if neither is known."""
    names = [letterhead.line(author.name) for author in post.authors]
    moment = _moment(post.shown_at, zone, with_time=with_time) if post.shown_at else ""
    written = _("By {names}").format(names=phrases.listed(names)) if names else ""
    return " · ".join(part for part in (written, moment) if part)


def _moment(moment: datetime, zone: ZoneInfo, *, with_time: bool) -> str:
    local = moment.astimezone(zone)
    return phrases.day_and_hour(local) if with_time else phrases.day(local)


def _html(letter: Letter, accent: str, subject: str, language: str) -> str:
    return letterhead.typeset(
        "desk/mail/post.html", accent, language, subject=subject, sheet=letter, body=body.as_html(letter.parts)
    )


def _text(letter: Letter) -> str:
    links = LinkNotes(letter.url)
    title = plaintext.wrap(letter.title)
    note = _("Correction: {note}").format(note=letter.note) if letter.note else ""
    above = [
        letter.name,
        letterhead.SECTION,
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
        letterhead.foot(letter.reason, letter.imprint),
    ]
    return "\n\n".join(part for part in (*above, *below) if part) + "\n"
