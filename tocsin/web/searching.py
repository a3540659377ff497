"""Full-text search of the posts: what was asked, what was found, and where in it the words stand.

The index is Wagtail's (SQLite FTS5 or PostgreSQL's own), kept as posts are saved. Words match from their beginning:
"bridge" finds "bridges".
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_
from urllib.parse import urlencode

from django.core.paginator import InvalidPage, Paginator
from django.http import Http404, HttpRequest
from wagtail.query import PageQuerySet
from wagtail.search.query import PlainText

from tocsin.content.models import PostPage, Topic
from tocsin.web import queries

PAGE_SIZE = 10
MOST_WORDS = 12
LONGEST_WORD = 50
LONGEST_QUERY = 200
MOST_FOUND = 300
BEFORE, SNIPPET = 60, 220
"""Characters of a snippet, and how many of them stand before the first word that was found."""

_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Question:
    """What a reader looks for. `words` are the words of `text` that count; filters are empty when not chosen."""

    text: str
    words: tuple[str, ...]
    topic: str
    kind: str
    year: int | None

    def query(self, number: int = 1, *, filtered: bool = True) -> str:
        """The query string that asks this again, for one page of the results."""
        filters = {"topic": self.topic, "kind": self.kind, "year": self.year} if filtered else {}
        given = {"q": self.text, **filters, "page": number if number > 1 else ""}
        return urlencode({name: value for name, value in given.items() if value})

    @property
    def narrowed(self) -> bool:
        """Whether a filter was chosen."""
        return bool(self.topic or self.kind or self.year)


@dataclass(frozen=True)
class Marked:
    """A run of text, found or not."""

    text: str
    found: bool


@dataclass(frozen=True)
class Hit:
    """A post that was found, with the runs of its title and of a snippet of it."""

    post: PostPage
    url: str
    title: Sequence[Marked]
    snippet: Sequence[Marked]
    topics: Sequence[Topic]


@dataclass(frozen=True)
class Results:
    """One page of what was found. `number` counts from 1; `newer` and `older` are queries, empty at the ends."""

    hits: Sequence[Hit]
    total: int
    number: int
    pages: int
    newer: str
    older: str


def question(given: Mapping[str, str]) -> Question:
    """What was asked, whatever was typed: operators and punctuation mean nothing, what cannot be is not asked."""
    text = " ".join(given.get("q", "")[:LONGEST_QUERY].replace("\0", " ").split())
    words = dict.fromkeys(word[:LONGEST_WORD] for word in _WORD.findall(text.casefold()))
    kind, year = given.get("kind", ""), given.get("year", "")
    return Question(
        text=text,
        words=tuple(words)[:MOST_WORDS],
        topic=given.get("topic", "")[:80].replace("\0", ""),
        kind=kind if kind in PostPage.Kind.values else "",
        year=int(year) if re.fullmatch(r"[12][0-9]{3}", year) else None,
    )


def found(asked: Question, language: str) -> list[int]:
    """The ids of the posts that have all the words, the best match first; none without words. At most MOST_FOUND."""
    if not asked.words:
        return []
    wanted = reduce(and_, (PlainText(word) for word in asked.words))
    matches = PostPage.objects.live().autocomplete(wanted)
    ranked = [post.pk for post in matches[:MOST_FOUND]]
    kept = set(_narrowed(queries.posts(language).filter(pk__in=ranked), asked).values_list("pk", flat=True))
    return [pk for pk in ranked if pk in kept]


def results(asked: Question, language: str, page: str, request: HttpRequest) -> Results:
    """One page of what was found. Raises Http404 for a page that is not there."""
    try:
        ids = Paginator(found(asked, language), PAGE_SIZE).page(page)
    except InvalidPage as error:
        raise Http404("no such page of these results") from error
    posts = {post.pk: post for post in queries.posts(language).filter(pk__in=list(ids))}
    filed = queries.topics_of(posts.values())
    number, pages = ids.number, ids.paginator.num_pages
    return Results(
        hits=[_hit(posts[pk], asked, filed.get(pk, []), request) for pk in ids if pk in posts],
        total=ids.paginator.count,
        number=number,
        pages=pages,
        newer=f"?{asked.query(number - 1)}" if number > 1 else "",
        older=f"?{asked.query(number + 1)}" if number < pages else "",
    )


def topics(language: str) -> list[Topic]:
    """The topics that can be chosen: those with posts."""
    return list(Topic.objects.filter(posts__live=True, posts__locale__language_code=language).distinct())


def years(language: str) -> list[int]:
    """The years that can be chosen, the latest first."""
    return [
        moment.year
        for moment in queries.posts(language).order_by().datetimes("first_published_at", "year", order="DESC")
    ]


def marked(text: str, words: Sequence[str]) -> Iterator[Marked]:
    """`text` as runs, those that begin with one of the words marked."""
    start = 0
    for match in _beginnings(words).finditer(text):
        if match.start() > start:
            yield Marked(text[start : match.start()], found=False)
        yield Marked(match[0], found=True)
        start = match.end()
    if start < len(text):
        yield Marked(text[start:], found=False)


def _narrowed(posts: PageQuerySet, asked: Question) -> PageQuerySet:
    chosen: dict[str, object] = {}
    if asked.topic:
        chosen["topics__slug"] = asked.topic
    if asked.kind:
        chosen["kind"] = asked.kind
    if asked.year:
        chosen["first_published_at__year"] = asked.year
    return posts.filter(**chosen)


def _hit(post: PostPage, asked: Question, topics: Sequence[Topic], request: HttpRequest) -> Hit:
    texts = post.body.stream_block.get_searchable_content(post.body)
    whole = " ".join(" ".join((post.summary, *texts)).split())
    title, snippet = marked(post.title, asked.words), marked(_around(whole, asked.words), asked.words)
    return Hit(post, post.get_url(request) or "", tuple(title), tuple(snippet), topics)


def _around(text: str, words: Sequence[str]) -> str:
    """A piece of `text` around the first of the words, cut between words."""
    first = _beginnings(words).search(text)
    start = max(0, first.start() - BEFORE) if first else 0
    if start:
        start = text.find(" ", start) + 1
    end = start + SNIPPET
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + SNIPPET // 2)
    return f"{'… ' if start else ''}{text[start:end]}{' …' if end < len(text) else ''}"


def _beginnings(words: Sequence[str]) -> re.Pattern[str]:
    """What finds words that begin with one of `words`, the longest first."""
    longest = sorted(words, key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest))})\w*", re.IGNORECASE)
