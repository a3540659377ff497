"""The API itself: which address does what, and its description in OpenAPI 3.1, made of these very functions."""

import logging
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI, Query
from ninja.errors import HttpError, ValidationError

from tocsin.web.elsewhere.api import description, posts, subscribers
from tocsin.web.elsewhere.api.doors import KeyBearer
from tocsin.web.elsewhere.api.json import StrictParser
from tocsin.web.elsewhere.api.problems import Problem, Trouble
from tocsin.web.elsewhere.api.shapes import NewSubscriber, Outcome, Post, Posts, Question, Subscription, Topics
from tocsin.web.elsewhere.models import Scope
from tocsin.web.errors import RETRY_SECONDS

log = logging.getLogger(__name__)

QUERY: Final = frozenset({"topic", "kind", "page", "per_page"})


class Api(NinjaAPI):
    """Describes what ninja does not know of: problems, limits, scopes."""

    def get_openapi_schema(self, *args: Any, **kwargs: Any) -> Any:
        """OpenAPI 3.1."""
        return description.completed(super().get_openapi_schema(*args, **kwargs))


api = Api(
    title=description.TITLE,
    version="1",
    description=description.TEXT,
    urls_namespace="api",
    docs_url=None,
    parser=StrictParser(),
)


@api.post("/subscribers", response=Outcome, auth=KeyBearer(Scope.SUBSCRIBERS_WRITE), operation_id="subscribe")
def subscribe(request: HttpRequest, wanted: NewSubscriber) -> Outcome:
    """Subscribe somebody.

    Without `consent` they are mailed a link to confirm, as if they had filled in the form, within the same limits; the answer
    is the same for every address. With it they are subscribed at once and nothing is mailed. Safe to repeat.
    """
    return subscribers.subscribe(request.auth, wanted)  # type: ignore[attr-defined]


@api.post("/subscribers/lookup", response=Subscription, auth=KeyBearer(Scope.SUBSCRIBERS_READ), operation_id="lookUp")
def look_up(request: HttpRequest, question: Question) -> Subscription:  # noqa: ARG001 - ninja passes it
    """How somebody is subscribed. Changes nothing; it is a POST because addresses in URLs end in logs."""
    return subscribers.look_up(question.email)


@api.get("/topics", response=Topics, auth=KeyBearer(Scope.TOPICS_READ), operation_id="topics")
def topics(request: HttpRequest) -> Topics:
    """All topics."""
    _refuse_unknown(request, frozenset())
    return Topics(items=posts.topics())


@api.get("/posts", response=Posts, auth=KeyBearer(Scope.POSTS_READ), operation_id="posts")
def list_posts(
    request: HttpRequest,
    topic: Annotated[
        str | None, Query(min_length=1, max_length=120, description="Only of this topic, by slug.")
    ] = None,
    kind: Annotated[Literal["news", "alert"] | None, Query(description="Only of this kind.")] = None,
    page: Annotated[int, Query(ge=1, le=100_000)] = 1,
    per_page: Annotated[int, Query(ge=1, le=100)] = 20,
) -> Posts:
    """Posts that anybody may read, newest first."""
    _refuse_unknown(request, QUERY)
    return posts.posts(request, topic=topic, kind=kind, page=page, per_page=per_page)


@api.get("/posts/{uuid:post_id}", response=Post, auth=KeyBearer(Scope.POSTS_READ), operation_id="post")
def one_post(request: HttpRequest, post_id: UUID) -> Post:
    """One post with its text."""
    _refuse_unknown(request, frozenset())
    return posts.post(request, post_id)


def _refuse_unknown(request: HttpRequest, known: frozenset[str]) -> None:
    """A misspelt parameter must not pass for one that was not given."""
    unknown = sorted(request.GET.keys() - known)
    if unknown:
        errors = [{"where": f"query.{name[:80]}", "what": "There is no such parameter."} for name in unknown[:20]]
        raise Problem(Trouble.INVALID, errors=errors)


@api.exception_handler(Problem)
def _problem(request: HttpRequest, error: Problem) -> HttpResponse:  # noqa: ARG001
    return error.response()


@api.exception_handler(ValidationError)
def _invalid(request: HttpRequest, error: ValidationError) -> HttpResponse:  # noqa: ARG001
    errors = [{"where": description.place(each["loc"]), "what": each["msg"]} for each in error.errors]
    return Problem(Trouble.INVALID, errors=errors[:20]).response()


@api.exception_handler(HttpError)
def _unreadable(request: HttpRequest, error: HttpError) -> HttpResponse:  # noqa: ARG001 - ninja raises it for bodies only
    return Problem(Trouble.UNREADABLE).response()


@api.exception_handler(Http404)
def _not_found(request: HttpRequest, error: Http404) -> HttpResponse:  # noqa: ARG001
    return Problem(Trouble.NOT_FOUND).response()


@api.exception_handler(Exception)
def _our_fault(request: HttpRequest, error: Exception) -> HttpResponse:
    log.error("The API failed at %s %s", request.method, request.path, exc_info=error)
    if isinstance(error, OperationalError | InterfaceError):
        return Problem(Trouble.AWAY, headers={"Retry-After": str(RETRY_SECONDS)}).response()
    return Problem(Trouble.OUR_FAULT).response()
