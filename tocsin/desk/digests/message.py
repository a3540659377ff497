"""A digest as the message its readers get: what was published, each post with its summary and a link. Text and HTML say the same.

Pure but for reading the posts. The look is that of a post's own mail, see `desk.letterhead`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from tocsin.audience.models import Publication
from tocsin.content.models import PostPage
from tocsin.courier.message import Message
from tocsin.desk import letterhead, plaintext
from tocsin.desk.body import clean
from tocsin.desk.message import byline, public_url


@dataclass(frozen=True)
class Item:
    """One post in a digest, in words ready to be set. Empty where there is nothing to say."""

    url: str
    title: str
    topics: str
    byline: str
    summary: str


@dataclass(frozen=True)
class Sheet:
    """What both parts of a digest say."""

    name: str
    imprint: str
    heading: str
    preview: str
    reason: str
    items: list[Item]


Items = dict[tuple[str, int], Item]
"""What was made of posts already, by language and post: editions have most of it in common."""


def render(posts: Sequence[PostPage], publication: Publication, language: str, made: Items | None = None) -> Message:
    """The digest of `posts`, of which there is at least one, as they are now, in that order; framed in `language`.

    What is made of single posts is kept in `made`.
    """
    made = {} if made is None else made
    with override(language):
        for post in posts:
            if (language, post.pk) not in made:
                made[language, post.pk] = item(post, publication)
        items = [made[language, post.pk] for post in posts]
        sheet = _sheet(items, publication)
        subject = items[0].title if len(items) == 1 else f"{sheet.name}: {sheet.heading}"
        html = letterhead.typeset("desk/mail/digest.html", publication.accent, language, subject=subject, sheet=sheet)
        return Message(
            subject=subject,
            text=_text(sheet),
            html=html,
            sender_name=letterhead.line(publication.sender_name or publication.name),
            sender_email=publication.sender_email,
            reply_to=publication.reply_to,
            language=language,
            list_name=sheet.name,
            bulk=True,
            archived_at=items[0].url if len(items) == 1 else "",
        )


def item(post: PostPage, publication: Publication) -> Item:
    """One post, in the language that is active."""
    return Item(
        url=public_url(post),
        title=letterhead.line(post.title),
        topics=", ".join(letterhead.line(topic.name) for topic in post.topics.all()),
        byline=byline(post, publication.zone, with_time=False),
        summary=clean(post.summary).strip(),
    )


def _sheet(items: list[Item], publication: Publication) -> Sheet:
    name = letterhead.line(publication.name)
    number = len(items)
    return Sheet(
        name=name,
        imprint=letterhead.imprint(name, letterhead.line(publication.address_line)),
        heading=ngettext("{number} new post", "{number} new posts", number).format(number=number),
        preview=" · ".join(each.title for each in items) if number > 1 else items[0].summary,
        reason=_("You get this digest because you asked {name} for news once a day or once a week.").format(name=name),
        items=items,
    )


def _text(sheet: Sheet) -> str:
    parts = [sheet.name, letterhead.SECTION, sheet.heading if len(sheet.items) > 1 else ""]
    parts += [_item_text(each) for each in sheet.items]
    parts.append(letterhead.foot(sheet.reason, sheet.imprint))
    return "\n\n".join(part for part in parts if part) + "\n"


def _item_text(each: Item) -> str:
    title = plaintext.wrap(each.title)
    about = "\n".join(line for line in (plaintext.wrap(each.topics), plaintext.wrap(each.byline)) if line)
    paragraphs = [
        f"{title}\n{'=' * max(map(len, title.splitlines()))}",
        about,
        plaintext.wrap(each.summary) if each.summary else "",
        each.url,
    ]
    return "\n\n".join(part for part in paragraphs if part)
