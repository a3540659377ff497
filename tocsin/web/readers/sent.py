"""What was sent to one reader, what became of it, and why they got it: in their own words, without names of states."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models.fields.json import KeyTextTransform
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.audience import choices
from tocsin.audience.models import Cadence, Followable, Subscriber
from tocsin.content import phrases
from tocsin.content.models import PostPage
from tocsin.courier import queries as ledger
from tocsin.courier.models import Delivery, Dispatch
from tocsin.courier.states import State
from tocsin.lib import clock
from tocsin.web import queries

FATES: Final[Mapping[State, Promise]] = {
    State.PLANNED: gettext_lazy("On its way to you."),
    State.SENDING: gettext_lazy("On its way to you."),
    State.ACCEPTED: gettext_lazy("Handed over to the mail server. Whether it reached your inbox we cannot see."),
    State.DEFERRED: gettext_lazy("The mail server asked us to try again later, and we do."),
    State.FAILED: gettext_lazy("The mail server refused it, so you did not get it."),
    State.SUPPRESSED: gettext_lazy("Not sent: before its turn you had left, or it was withdrawn."),
    State.UNSURE: gettext_lazy("The connection broke while it was handed over. You may have got it or not."),
    State.BOUNCED: gettext_lazy("It came back: your mail system would not deliver it."),
    State.COMPLAINED: gettext_lazy("It was reported as spam from your mailbox."),
}
DIGESTED: Final = frozenset({Cadence.DAILY, Cadence.WEEKLY})
AT_ONCE: Final = frozenset({Cadence.INSTANT})


@dataclass(frozen=True)
class Story:
    """One post in a mail; `url` is empty when it cannot be read on the site any more."""

    title: str
    url: str


@dataclass(frozen=True)
class Sent:
    """One mail. `title`: the subject it had; `words`: what the mail server said, if it said more than yes."""

    title: str
    kind: str
    at: datetime
    state: State
    fate: str
    words: str
    why: str
    stories: list[Story]


def sent(subscriber: Subscriber, *, most: int | None = None) -> list[Sent]:
    """Their mails, newest first."""
    rows = ledger.sent_to(subscriber.pk).select_related("edition").defer("edition__message")
    rows = rows.annotate(subject=KeyTextTransform("subject", "edition__message"))
    found = list(rows[:most] if most else rows)
    told = {row.pk: _posts(row) for row in found}
    posts = PostPage.objects.filter(pk__in={post for each in told.values() for post in each})
    told_of, followed = posts.defer("body").in_bulk(), queries.followed_by(posts)
    reasons = Reasons(subscriber)
    return [
        Sent(
            title=row.subject or row.dispatch.title,
            kind=row.dispatch.kind,
            at=clock.to_datetime(row.dispatch.created_us),
            state=State(row.state),
            fate=str(FATES[State(row.state)]),
            words="" if row.state in {State.ACCEPTED, State.PLANNED} else row.reply,
            why=reasons.why(row.dispatch, (followed.get(post, frozenset()) for post in told[row.pk])),
            stories=list(_stories(told[row.pk], told_of)),
        )
        for row in found
    ]


class Reasons:
    """Says why one reader got something: by what they followed at that moment."""

    def __init__(self, subscriber: Subscriber) -> None:
        self._names = {each.pk: _name(each) for each in Followable.objects.all()}
        self._now = [(each.followable_id, each.cadence, each.paced_at or each.created_at)
                     for each in subscriber.subscriptions.all()]  # fmt: skip
        past = subscriber.past_choices.values_list("followable_id", "cadence", "began_at", "ended_at")
        self._past = list(past)

    def why(self, dispatch: Dispatch, posts: Iterable[frozenset[int]]) -> str:
        """One sentence. `posts`: what each post in it could be followed by."""
        kind = Dispatch.Kind(dispatch.kind)
        if kind is Dispatch.Kind.READER:
            return _("It was asked for with your address.")
        if kind is Dispatch.Kind.CORRECTION:
            return _("You had been told of this post before it was corrected.")
        if kind is Dispatch.Kind.ALERT:
            return _("It was an alert. Alerts go to everybody who has not opted out of them.")
        paces = DIGESTED if kind is Dispatch.Kind.DIGEST else AT_ONCE
        what = self._followed(frozenset().union(*posts), paces, clock.to_datetime(dispatch.created_us))
        if not what:
            return _("You followed it at that time.")
        return _("You followed {what}.").format(what=phrases.listed(what))

    def _followed(self, offered: frozenset[int], paces: frozenset[Cadence], moment: datetime) -> list[str]:
        wanted = choices.at(self._now, self._past, moment)
        return [
            _("{followed} ({pace})").format(followed=self._names[followable], pace=Cadence(pace).label.lower())
            for followable, pace in wanted.items()
            if followable in offered and pace in paces
        ]


def _name(followable: Followable) -> str:
    return _("everything") if followable.kind == Followable.Kind.EVERYTHING else followable.name


def _posts(row: Delivery) -> list[int]:
    told: list[Any] = row.edition.posts if row.edition else []
    return [int(post) for post, _revision in told]


def _stories(told: Iterable[int], posts: Mapping[int, PostPage]) -> Iterator[Story]:
    for pk in told:
        if pk in posts:
            post = posts[pk]
            yield Story(post.title, (post.get_url_parts() or ("", "", ""))[2] if post.live else "")
