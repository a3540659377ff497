"""Planning the digests that are due, some readers at a time: each time is one short transaction, all of it or nothing.

Facts are read, planned with and made into mails before that transaction begins; within it nothing is believed that may have
changed. So any number of workers may plan at once, and one that is killed leaves everybody either planned or still due.
"""

import logging
from collections.abc import Collection, Sequence
from typing import NamedTuple

from django.db import IntegrityError, connection, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import override

from tocsin.audience import pace, turns
from tocsin.audience import queries as audience
from tocsin.audience.models import Publication
from tocsin.content.models import PostPage
from tocsin.courier import actions as courier
from tocsin.courier.message import Message
from tocsin.courier.models import Edition
from tocsin.desk.digests import facts, message, planning
from tocsin.desk.digests.facts import Candidate
from tocsin.desk.digests.planning import Bulletin, Turn
from tocsin.lib import clock
from tocsin.lib.pagecache import page_cache

log = logging.getLogger(__name__)

CHUNK = 2500
CACHE_KIB = 16_000
RUN = 15 * clock.MINUTE
"""What is planned within the same quarter of an hour is one dispatch: hours begin so in all time zones of the world."""

PUT_OFF = 10 * clock.MINUTE

Posts = tuple[tuple[int, int | None], ...]
"""Posts at their revisions, in the order in which they are told."""


class Contents(NamedTuple):
    """What makes an edition: whoever is to be told the same, in the same language, gets the same one."""

    language: str
    posts: Posts


class Change(Exception):  # noqa: N818
    """Something changed between reading and writing. Nothing was written; it is planned anew."""


class Planner:
    """Plans digests for one worker. What it keeps between two looks is only whose turn is next; the database knows all else.

    All who are due at one moment are planned as of that moment, however long that takes.
    """

    def __init__(self) -> None:
        self._next: list[int] = []
        self._now_us = 0

    def plan_some(self) -> bool:
        """Plan the digests of up to CHUNK readers whose turn has come. Whether there may be more to do at once."""
        if not self._next:
            self._now_us = clock.now_us()
            self._next = facts.due(self._now_us)
        chunk, self._next = self._next[-CHUNK:], self._next[:-CHUNK]
        if chunk:
            with page_cache(connection, CACHE_KIB):
                _plan_or_leave(chunk, self._now_us)
        return bool(self._next)


def _plan_or_leave(readers: Sequence[int], now_us: int) -> None:
    """Plan for those of them who are still due, or, where something changed meanwhile, leave them due."""
    publication = audience.publication()
    try:
        if due := facts.candidates(readers, now_us, publication):
            _carry_out(plan(due, now_us), publication, now_us)
    except (Change, IntegrityError) as change:
        log.info("Digests are planned anew, because something changed meanwhile: %s", change)


def plan(due: Sequence[Candidate], now_us: int) -> list[tuple[Candidate, Turn]]:
    """What becomes of each of them. Reads what they were told of; writes nothing."""
    asking = [each.reader for each in due if each.reader.due_us != pace.LOOK]
    since_us = min((planning.floor(reader) for reader in asking), default=now_us)
    news = facts.news(since_us, now_us) if asking else []
    told = facts.told([each.post for each in news], [each.address for each in due])
    bulletin = Bulletin(news)
    return [(each, planning.turn(each.reader, bulletin, told.get(each.address, ()), now_us)) for each in due]


def _carry_out(planned: Sequence[tuple[Candidate, Turn]], publication: Publication, now_us: int) -> None:
    """Write down what was planned: all of it or, where something changed, nothing. Raises Change or IntegrityError then."""
    asked = {(each.language, turn.posts) for each, turn in planned if turn.posts}
    posts = {post for _, told in asked for post in told}
    revisions = facts.revisions(posts)
    contents = {
        (language, told): Contents(language, tuple((post, revisions.get(post)) for post in told))
        for language, told in asked
    }
    run_since_us = now_us - now_us % RUN
    under_way = courier.digest_under_way(run_since_us)
    editions = _editions(under_way)
    drafts, faulty = _drafts(set(contents.values()) - editions.keys(), publication)
    put_off = {key for key in asked if contents[key] in faulty}
    with transaction.atomic():
        if not turns.end(_ended(each, turn, now_us, put_off) for each, turn in planned):
            raise Change("a reader chose otherwise")
        if asked == put_off:
            return
        if posts != revisions.keys() or facts.revisions(posts) != revisions:
            raise Change("a post was edited or taken down")
        dispatch = courier.open_digest(_title(publication, run_since_us), since_us=run_since_us)
        if under_way not in {None, dispatch.pk}:
            raise Change("the digests under way were cancelled")
        if drafts:
            editions = _editions(dispatch.pk)  # another worker may have added some
        for wanted in drafts.keys() - editions.keys():
            editions[wanted] = courier.add_edition(dispatch, drafts[wanted], wanted.posts)
        edition = {key: editions[contents[key]] for key in asked - put_off}
        mailings = [
            courier.Mailing(edition[key], each.address, each.ready_us)
            for each, turn in planned
            if (key := (each.language, turn.posts)) in edition
        ]
        courier.tell_in_digest(dispatch, mailings)
    log.info("%s readers get a digest in dispatch %s.", len(mailings), dispatch.pk)


def _ended(each: Candidate, turn: Turn, now_us: int, put_off: Collection[tuple[str, tuple[int, ...]]]) -> turns.Ended:
    """What is remembered of a turn. If its mail could not be made, it comes again in a while."""
    if put_off and (each.language, turn.posts) in put_off:
        return turns.Ended(each.reader.id, each.reader.due_us, now_us + PUT_OFF, each.reader.digested_us)
    return turns.Ended(each.reader.id, each.reader.due_us, turn.due_us, turn.digested_us)


def _editions(dispatch: int | None) -> dict[Contents, int]:
    """The editions of a digest run, by what they tell."""
    rows = Edition.objects.filter(dispatch=dispatch).values_list("id", "language", "posts") if dispatch else []
    return {Contents(language, tuple(map(tuple, posts))): edition for edition, language, posts in rows}


def _drafts(wanted: set[Contents], publication: Publication) -> tuple[dict[Contents, Message], set[Contents]]:
    """The mails with those contents; and the contents of which, by a fault of ours, no mail could be made."""
    posts = PostPage.objects.in_bulk({post for contents in wanted for post, _ in contents.posts})
    items: message.Items = {}
    drafts: dict[Contents, Message] = {}
    faulty = set()
    for contents in wanted:
        try:
            told = [posts[post] for post, _ in contents.posts if post in posts]
            drafts[contents] = message.render(told, publication, contents.language, items)
        except Exception:
            log.exception("No digest can be made of the posts %s; it is tried again later.", contents.posts)
            faulty.add(contents)
    return drafts, faulty


def _title(publication: Publication, run_since_us: int) -> str:
    with override(publication.language):
        local = clock.to_datetime(run_since_us).astimezone(publication.zone)
        return _("Digest of {day}, {hour}").format(day=date_format(local, "j F Y"), hour=date_format(local, "H:i"))
