"""Where entries lie: a few shelves, each with its own budget of bytes, so that no kind of page can push out another.

A flood of addresses that lead nowhere, or of page numbers, fills its own small shelf and nothing else. A shelf that is
over its budget lets go of what was not asked for since it last looked (the clock algorithm).
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from tocsin.web.cache.entries import Entry
from tocsin.web.cache.targets import PICTURES

MIB: Final = 1024 * 1024


class Shelf(Enum):
    """The kinds of pages."""

    PAGES = "pages"
    NUMBERED = "numbered"
    NOWHERE = "nowhere"
    PICTURES = "pictures"


BUDGETS: Final[Mapping[Shelf, int]] = {
    Shelf.PAGES: 20 * MIB,
    Shelf.NUMBERED: 2 * MIB,
    Shelf.NOWHERE: 1 * MIB,
    Shelf.PICTURES: 8 * MIB,
}
"""In bytes. A post takes about 25 KB in the two codings browsers ask for."""

LARGEST_SHARE: Final = 8
"""An entry that takes more than this part of its shelf is not kept."""


class Store:
    """All entries by their key. `entries` is for looking up; only `put` and `trim` change it."""

    def __init__(self, budgets: Mapping[Shelf, int] = BUDGETS) -> None:
        self.entries: dict[bytes, Entry] = {}
        self._budgets = budgets
        self._shelves: dict[Shelf, dict[bytes, int]] = {shelf: {} for shelf in budgets}
        self._used = dict.fromkeys(budgets, 0)

    def put(self, entry: Entry) -> None:
        """Keep `entry` in place of the one with its key."""
        self.drop(entry.key)
        shelf = shelf_of(entry)
        if entry.size * LARGEST_SHARE > self._budgets[shelf]:
            return
        self.entries[entry.key] = entry
        self._shelves[shelf][entry.key] = entry.size
        self._used[shelf] += entry.size
        self.trim(shelf)

    def grown(self, entry: Entry) -> None:
        """`entry` got another face."""
        if self.entries.get(entry.key) is entry:
            self.put(entry)

    def drop(self, key: bytes) -> None:
        """Let go of what lies under `key`, if anything does."""
        entry = self.entries.pop(key, None)
        if entry is not None:
            shelf = shelf_of(entry)
            self._used[shelf] -= self._shelves[shelf].pop(key)

    def trim(self, shelf: Shelf) -> None:
        """Let go until the shelf is within its budget; what was used since the last look gets another round."""
        lying = self._shelves[shelf]
        while self._used[shelf] > self._budgets[shelf]:
            key = next(iter(lying))
            entry = self.entries[key]
            if entry.used:
                entry.used = False
                lying[key] = lying.pop(key)
            else:
                self.drop(key)

    def used(self, shelf: Shelf) -> int:
        """Bytes on a shelf."""
        return self._used[shelf]


def shelf_of(entry: Entry) -> Shelf:
    """Where an entry lies: by what it answers, then by what was asked for."""
    if entry.status != 200:
        return Shelf.NOWHERE
    if entry.key.lstrip(b"s").startswith(PICTURES.encode()):
        return Shelf.PICTURES
    return Shelf.NUMBERED if b"?" in entry.key else Shelf.PAGES
