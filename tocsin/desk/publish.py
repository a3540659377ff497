"""What happens when somebody presses Publish? This file is the answer.

The content room announces that a post went live, inside the transaction that makes it live. Here it is decided
whether its readers are told; if so, an intent is recorded and carried out: the message is rendered, the audience is
frozen and handed to the courier. All of it commits with the post, or the post stays a draft. The editor's button, a
scheduled go-live, a workflow's approval and `tocsin publish FILE` all come through here.

A post that is taken down withdraws what was not yet sent. Nobody is told a second time unless an editor asks.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from wagtail.models import Revision

from tocsin.audience import queries as audience
from tocsin.audience.choices import DIGESTED
from tocsin.audience.models import Address, Publication
from tocsin.content.models import PostPage
from tocsin.courier import actions as courier
from tocsin.courier import counting as clicks
from tocsin.courier import queries as ledger
from tocsin.courier.message import Message
from tocsin.courier.models import Dispatch, Lane
from tocsin.desk import counting, message
from tocsin.desk.counting import Counted
from tocsin.desk.models import PublishIntent, User
from tocsin.lib import clock
from tocsin.lib.errors import Refused, TocsinError

log = logging.getLogger(__name__)

WITHDRAWN: Final = gettext_lazy("The post was withdrawn.")
NOT_WANTED: Final = gettext_lazy("the editor asked not to")


class CannotTell(Refused):
    """Telling failed, so the post did not go live."""

    def __init__(self, post: PostPage, reason: str, mend: str) -> None:
        super().__init__(_("“{title}” was not published: {reason}").format(title=post.title, reason=reason), mend)
        self.post_id = post.pk


@dataclass(frozen=True)
class Facts:
    """All that decides whether a post that just went live is told."""

    first_time: bool
    wanted: bool
    alias: bool
    private: bool
    told: bool
    translation_told: bool


WHY_NOT: Final[tuple[tuple[Promise, Callable[[Facts], bool]], ...]] = (
    (gettext_lazy("it is a mirror of another post"), lambda facts: facts.alias),
    (gettext_lazy("it is not for everybody to see"), lambda facts: facts.private),
    (gettext_lazy("it was live before"), lambda facts: not facts.first_time),
    (gettext_lazy("its readers were told before"), lambda facts: facts.told),
    (gettext_lazy("its readers were told of it in another language"), lambda facts: facts.translation_told),
    (NOT_WANTED, lambda facts: not facts.wanted),
)


def why_not(facts: Facts) -> Promise | None:
    """The reason not to tell; None means: tell."""
    return next((reason for reason, applies in WHY_NOT if applies(facts)), None)


def on_post_published(post: PostPage, revision: Revision, first_time: bool, user: User | None, **more: Any) -> None:  # noqa: ARG001
    """A revision is live: tell its readers if it is news to them. What fails here undoes the publishing."""
    reason = why_not(facts_of(post, first_time=first_time))
    if reason is not None:
        log.info("Post %s is live; nobody is told, because %s.", post.pk, reason)
        return
    try:
        carry_out(record(post, revision.pk, PublishIntent.Kind.FIRST, user))
    except TocsinError as error:
        raise CannotTell(post, error.message, error.mend) from error
    except Exception as error:
        log.exception("Post %s is not published: telling its readers failed", post.pk)
        raise CannotTell(
            post,
            _("telling its readers could not be prepared ({error}).").format(error=f"{type(error).__name__}: {error}"),
            _("Your text is kept as a draft. Try again; if it fails again, the log of the web process says where."),
        ) from error


def on_post_unpublished(post: PostPage, **_: Any) -> None:
    """A post was taken down: whoever was not mailed yet will not be."""
    for dispatch in ledger.dispatches_of_post(post.pk):
        books = ledger.books(dispatch.pk)
        if not books.settled or books.unsure:
            stopped = courier.cancel(dispatch, str(WITHDRAWN))
            log.info("Post %s is down: %s deliveries of dispatch %s are withdrawn.", post.pk, stopped, dispatch.pk)


@transaction.atomic
def tell_again(post: PostPage, user: User | None, note: str = "", *, tellings: int | None = None) -> Dispatch:
    """Tell a live post once more: a correction to those told before; all its readers, if nobody was told yet.

    `tellings`: how many there were when the editor was asked; if that changed since, nothing is sent (a double click).
    """
    live = PostPage.objects.select_for_update().filter(pk=post.pk, live=True).first()
    if live is None:
        raise Refused(_("This post is not live, so nobody can be told of it."), _("Publish it first."))
    if live.get_view_restrictions().exists():
        raise Refused(_("This post is not for everybody to see."), _("Change its privacy first."))
    so_far = PublishIntent.objects.filter(post_id=post.pk)
    if tellings is not None and so_far.count() != tellings:
        raise Refused(
            _("Readers were told of this post a moment ago."), _("Look at its tellings before telling again.")
        )
    kind = PublishIntent.Kind.CORRECTION if so_far.exists() else PublishIntent.Kind.FIRST
    return carry_out(record(live, live.live_revision_id or live.latest_revision_id, kind, user, note))


def record(
    post: PostPage, revision_id: int, kind: PublishIntent.Kind, user: User | None, note: str = ""
) -> PublishIntent:
    """Write down that readers are to be told. The sweep believes nothing else."""
    followed_by = audience.followables(topics(post), authors(post)).values_list("pk", flat=True)
    return PublishIntent.objects.create(
        post_id=post.pk,
        revision_id=revision_id,
        kind=kind,
        user=user,
        note=note,
        followables=sorted(followed_by),
        created_us=clock.now_us(),
    )


@transaction.atomic
def carry_out(intent: PublishIntent) -> Dispatch:
    """Do what an intent says, once: render the message, freeze the audience, hand both to the courier."""
    post = _as_intended(intent)
    correction = intent.kind == PublishIntent.Kind.CORRECTION and ledger.told_addresses(post.pk).exists()
    alert = post.kind == PostPage.Kind.ALERT
    plain, counted = _mail(post, audience.publication(), intent.note if correction else None)
    dispatch = courier.tell(
        kind=Dispatch.Kind.CORRECTION if correction else Dispatch.Kind.ALERT if alert else Dispatch.Kind.POST,
        lane=Lane.ALERT if alert else Lane.INSTANT,
        post_id=post.pk,
        revision_id=intent.revision_id,
        title=post.title,
        message=counted.message if counted else plain,
        language=post.locale.language_code,
        audience=readers_again(post) if correction else readers(post),
        first=intent.kind == PublishIntent.Kind.FIRST,
    )
    if counted:
        clicks.count(dispatch, plain, counted.links)
    intent.dispatch_id = dispatch.pk
    intent.save(update_fields=["dispatch_id"])
    log.info("Post %s goes to %s readers in dispatch %s.", post.pk, dispatch.audience, dispatch.pk)
    return dispatch


def _mail(post: PostPage, owner: Publication, correction: str | None) -> tuple[Message, Counted | None]:
    """What is mailed; and beside it, if clicks are counted, the message they are counted by."""
    plain = message.render(post, owner, correction=correction)
    if not owner.count_clicks:
        return plain, None
    return plain, counting.counted(message.render(post, owner, correction=correction, counted=True))


def readers(post: PostPage) -> QuerySet[Address, Any]:
    """Who is told when `post` goes live: of an alert everybody, of news those who follow it as it happens."""
    if post.kind == PostPage.Kind.ALERT:
        return audience.alerted()
    return audience.recipients(topics=topics(post), authors=authors(post), cadences=audience.INSTANT_ONLY)


def readers_of_digests(post: PostPage) -> QuerySet[Address, Any]:
    """Who is told of news by a digest: those who follow it once a day or once a week, and not as it happens too."""
    if post.kind == PostPage.Kind.ALERT:
        return Address.objects.none()
    digested = audience.recipients(topics=topics(post), authors=authors(post), cadences=DIGESTED)
    return digested.exclude(pk__in=readers(post).values("pk"))


def topics(post: PostPage) -> list[str]:
    """The slugs of a post's topics."""
    return [topic.slug for topic in post.topics.all()]


def authors(post: PostPage) -> list[str]:
    """The slugs of a post's authors."""
    return [author.slug for author in post.authors]


def readers_again(post: PostPage) -> QuerySet[Address, Any]:
    """Who is told when an editor tells once more: those told before and those withdrawn before their turn; if nobody
    was told yet, all its readers."""
    told = ledger.told_addresses(post.pk)
    return ledger.told_addresses(post.pk, withdrawn=True) if told.exists() else readers(post)


def facts_of(post: PostPage, *, first_time: bool) -> Facts:
    """What is known of a post that just went live."""
    translations = PostPage.objects.filter(translation_key=post.translation_key).exclude(pk=post.pk)
    return Facts(
        first_time=first_time,
        wanted=post.tell_readers,
        alias=post.alias_of_id is not None,
        private=bool(post.pk) and post.get_view_restrictions().exists(),
        told=PublishIntent.objects.filter(post_id=post.pk).exists(),
        translation_told=PublishIntent.objects.filter(post_id__in=translations.values("pk")).exists(),
    )


def _as_intended(intent: PublishIntent) -> PostPage:
    """The post at the intent's revision, or as it is now if that revision is gone."""
    post: PostPage = PostPage.objects.get(pk=intent.post_id)
    if post.live_revision_id != intent.revision_id:
        revision = Revision.page_revisions.filter(pk=intent.revision_id, object_id=str(post.pk)).first()
        post = revision.as_object() if revision else post
    return post
