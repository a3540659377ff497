"""Pages as a reader gets them, taken apart for tests."""

import json
from typing import Any

from django.http import HttpResponse
from django.test import Client
from lxml import html


def page(url: str = "/", status: int = 200, **headers: str) -> Any:
    """The page at `url` as a tree."""
    return html.fromstring(got(url, status, **headers).content.decode())


def got(url: str = "/", status: int = 200, **headers: str) -> HttpResponse:
    """The answer to a GET by somebody without cookies."""
    response = Client(raise_request_exception=False).get(url, headers=headers)
    assert response.status_code == status, f"{url}: {response.status_code}"
    return response  # type: ignore[return-value]


def text(tree: Any, path: str) -> str:
    """The text of the one element at an XPath, its spaces squeezed."""
    [element] = tree.xpath(path)
    return " ".join(element.text_content().split())


def texts(tree: Any, path: str) -> list[str]:
    """The texts of all elements at an XPath."""
    return [" ".join(element.text_content().split()) for element in tree.xpath(path)]


def structured(tree: Any) -> dict[str, Any]:
    """The JSON-LD of a page."""
    [script] = tree.xpath("//script[@type='application/ld+json']")
    facts: dict[str, Any] = json.loads(script.text)
    return facts
