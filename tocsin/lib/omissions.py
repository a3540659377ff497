"""Modules that packages load at every start although nothing of ours leads to them: they are left out.

In the place of each stands an empty one, all of whose names may be called and do nothing. A name that a later version
of a package no longer has does nothing here; one that it adds is loaded as ever.
"""

import sys
from collections.abc import Collection, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Final

WAGTAILS_REST_API: Final = (
    "wagtail.api.v3",
    "wagtail.contrib.redirects.api",
    "wagtail.documents.api.v3",
    "wagtail.images.api.v3",
    "wagtail.locales.api.v3",
    "wagtail.snippets.api.v3",
)
"""Schemas of all models, made in every process by the applications' `ready()`; no address of ours shows them. A third of
a start, and ten megabytes.
"""


class _Nothing:
    def __call__(self, *_: Any, **__: Any) -> "_Nothing":
        return self

    def __getattr__(self, name: str) -> "_Nothing":
        return self


class _Empty(ModuleType):
    def __getattr__(self, name: str) -> _Nothing:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Nothing()


class _Omissions(MetaPathFinder, Loader):
    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)
        self._below = tuple(f"{name}." for name in names)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,  # noqa: ARG002 - as importlib calls it
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname in self._names or fullname.startswith(self._below):
            return ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Empty(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def leave_out(names: Collection[str]) -> None:
    """From now on importing one of `names`, or what is below it, gives an empty module."""
    sys.meta_path.insert(0, _Omissions(names))
