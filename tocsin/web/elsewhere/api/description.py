"""What the OpenAPI description says besides what is read off the functions: problems, limits, scopes. Pure."""

from collections.abc import Sequence
from typing import Any, Final

from tocsin.web.elsewhere.api.doors import POLICY
from tocsin.web.elsewhere.api.problems import MEDIA_TYPE, Trouble
from tocsin.web.elsewhere.api.shapes import ProblemOut

TITLE: Final = "Tocsin"
TEXT: Final = (
    "For servers of yours: keys must not be given to browsers, and no page of another site may read the answers. "
    "Every answer that is no 2xx is a problem (RFC 9457) whose “mend” says what to do. Nothing is cached. "
    "RateLimit and RateLimit-Policy say how much a key may still ask for."
)
ALWAYS: Final = (
    Trouble.NO_KEY,
    Trouble.MISSING_SCOPE,
    Trouble.INVALID,
    Trouble.SLOW_DOWN,
    Trouble.OUR_FAULT,
    Trouble.AWAY,
)
WITH_A_BODY: Final = (Trouble.UNREADABLE, Trouble.TOO_LARGE, Trouble.MEDIA)
BY_OPERATION: Final = {"lookUp": (Trouble.NO_SUBSCRIBER,), "posts": (Trouble.NOT_FOUND,), "post": (Trouble.NOT_FOUND,)}
REF: Final = "#/components/schemas/"


def completed(schema: dict[str, Any]) -> dict[str, Any]:
    """The description with what ninja does not know of."""
    problem = ProblemOut.model_json_schema(ref_template=REF + "{model}")
    schema["components"]["schemas"] |= problem.pop("$defs", {}) | {"Problem": problem}
    for methods in schema["paths"].values():
        for operation in methods.values():
            _complete(operation)
    return schema


def place(location: Sequence[Any]) -> str:
    """Where a value stands, as `body.topics.0`: without the name our function has for the whole body."""
    parts = [str(part) for part in location]
    if parts[:1] == ["body"]:
        parts[1:2] = []
    return ".".join(parts)


def _complete(operation: dict[str, Any]) -> None:
    troubles = [
        *ALWAYS,
        *(WITH_A_BODY if "requestBody" in operation else ()),
        *BY_OPERATION.get(operation["operationId"], ()),
    ]
    limited = {
        "RateLimit": {
            "schema": {"type": "string"},
            "description": "What is left of the policy: r requests, one more each t seconds.",
        },
        "RateLimit-Policy": {
            "schema": {"type": "string"},
            "description": f"{POLICY}: at most q requests in w seconds.",
        },
    }
    for status, answer in operation["responses"].items():
        answer["headers"] = limited if int(status) < 400 else {}
    for trouble in troubles:
        operation["responses"][trouble.kind.status] = _answer(trouble)


def _answer(trouble: Trouble) -> dict[str, Any]:
    headers = (
        {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}
        if trouble.kind.status in {429, 503}
        else {}
    )
    return {
        "description": f"{trouble.kind.title}. {trouble.kind.mend}",
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": REF + "Problem"}}},
    }
