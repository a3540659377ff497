"""What a program does: shows a key, asks, reads the answer."""

import json
from collections.abc import Collection
from typing import Any

from django.http import HttpResponse
from django.test import Client

from tocsin.web.elsewhere import actions
from tocsin.web.elsewhere.models import Scope

HOST = "news.example.org"


def key(*scopes: Scope, **facts: Any) -> str:
    """A new key, as it is written; with every scope if none is named."""
    return actions.make_key("a program", scopes or list(Scope), made_by="", **facts)[1]


def ask(method: str, path: str, shown: str = "", body: Any = None, **more: Any) -> HttpResponse:
    """Send a request below /api/v1/; `body` as JSON."""
    headers = {"host": HOST} | ({"authorization": f"Bearer {shown}"} if shown else {})
    content = {"data": body if isinstance(body, str | bytes) else json.dumps(body)} if body is not None else {}
    options = {"content_type": "application/json", **content, **more}
    return Client(headers=headers, enforce_csrf_checks=True).generic(method, f"/api/v1/{path}", **options)


def problem(answer: HttpResponse) -> tuple[int, str]:
    """Status and name of a problem that is whole."""
    said = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert said["status"] == answer.status_code
    assert said["title"]
    assert said["mend"]
    prefix = "http://news.example.org/api/v1/problems/"
    assert said["type"].startswith(prefix)
    return answer.status_code, said["type"].removeprefix(prefix).strip("/")


def subscribe(shown: str, email: str = "mira@example.org", **fields: Any) -> HttpResponse:
    """Subscribe somebody."""
    return ask("POST", "subscribers", shown, {"email": email, **fields})


def places(answer: HttpResponse) -> Collection[str]:
    """Where a problem says that something is not valid."""
    return [each["where"] for each in answer.json()["errors"]]
