"""Forms a post can be previewed in besides its page. Rooms above register theirs, so that content knows none of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.functional import Promise


@dataclass(frozen=True)
class Preview:
    """One form: what editors call it, and how a post (perhaps an unsaved draft) is shown in it."""

    label: Promise
    show: Callable[[Any, HttpRequest], HttpResponse]


MODES: dict[str, Preview] = {}
