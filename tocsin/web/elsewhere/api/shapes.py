"""What goes in and comes out of the API: strict coming in, plain going out."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Schema
from pydantic import ConfigDict, Field

Slug = Annotated[str, Field(min_length=1, max_length=120, examples=["parks"])]
Email = Annotated[
    str, Field(min_length=3, max_length=320, examples=["mira@example.org"], json_schema_extra={"format": "email"})
]


Pace = Literal["instant", "daily", "weekly", "alerts"]
Reason = Literal["unsubscribed", "bounced", "complained", "manual"]


class Incoming(Schema):
    """What comes in: nothing is guessed, nothing unknown is passed over."""

    model_config = ConfigDict(extra="forbid", strict=True, str_strip_whitespace=False)


class NewSubscriber(Incoming):
    """Somebody to be subscribed."""

    email: Email
    name: Annotated[str, Field(max_length=120)] = ""
    topics: Annotated[
        list[Slug], Field(max_length=100, description="Slugs of topics. None of topics and authors: everything.")
    ] = []
    authors: Annotated[list[Slug], Field(max_length=100, description="Slugs of authors.")] = []
    cadence: Annotated[Pace, Field(description="The pace for all of them.")] = "instant"
    consent: Annotated[
        str | None,
        Field(
            min_length=10,
            max_length=1_000,
            description="How they agreed elsewhere, in your words; kept on record. Subscribes them at once. Needs subscribers:confirm.",
        ),
    ] = None


class Question(Incoming):
    """Whose subscription is asked for. In a body, because addresses in URLs end in logs."""

    email: Email


class Outcome(Schema):
    """What was done."""

    outcome: Annotated[
        Literal["asked", "added", "unchanged", "kept_out"],
        Field(
            description="asked: if the address is right, a mail asks them to confirm. added: subscribed now. unchanged: they were before. "
            "kept_out: they left, bounced or complained before, and only they can come back."
        ),
    ]


class Follow(Schema):
    """One thing somebody follows."""

    kind: Literal["everything", "topic", "author"]
    slug: str
    name: str
    cadence: Pace


class Subscription(Schema):
    """How somebody is subscribed."""

    status: Literal["pending", "active", "left"]
    name: str
    since: datetime
    paused_until: datetime | None
    kept_out: Annotated[
        Reason | None,
        Field(description="Why nothing is mailed there; null if mail goes there."),
    ]
    follows: list[Follow]


class TopicOut(Schema):
    """A topic."""

    slug: str
    name: str
    description: str
    url: str


class Topics(Schema):
    """All topics."""

    items: list[TopicOut]


class Named(Schema):
    """A topic or an author of a post."""

    slug: str
    name: str
    url: str


class PostSummary(Schema):
    """A post in a list."""

    id: UUID
    url: str
    kind: Literal["news", "alert"]
    title: str
    summary: str
    language: str
    published_at: datetime
    updated_at: datetime
    topics: list[Named]
    authors: list[Named]


class Post(PostSummary):
    """A whole post."""

    html: Annotated[str, Field(description="Its text as HTML; links and pictures are absolute.")]


class Posts(Schema):
    """One page of posts, newest first."""

    items: list[PostSummary]
    page: int
    pages: int
    total: int
    next: Annotated[str | None, Field(description="The address of the next page; null on the last.")]
    previous: str | None


class ErrorAt(Schema):
    """What is wrong in one place."""

    where: str
    what: str


class ProblemOut(Schema):
    """What went wrong (RFC 9457)."""

    type: Annotated[str, Field(json_schema_extra={"format": "uri"})]
    title: str
    status: int
    mend: Annotated[str, Field(description="What to do about it.")]
    detail: str | None = None
    errors: list[ErrorAt] | None = None
