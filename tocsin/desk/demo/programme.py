"""Who and what the demo's publication is made of, as facts. Town, people and events are invented; texts are in `posts/`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

PUBLICATION: Final = {
    "name": "Kelmouth Harbour Foundation",
    "tagline": "News and alerts for a city that lives with the sea",
    "address_line": "1 Ferry Hard, Kelmouth KM1 1AA",
    "sender_email": "news@harbour.example",
    "time_zone": "Europe/London",
}

TOPICS: Final = {
    "harbour": ("Harbour and water", "Tides, boats, bridges, the light, and everything that the sea does to us."),
    "council": ("The council", "What is decided at the town hall, by whom, and with whose money."),
    "getting-about": ("Getting about", "Trams, ferries, bridges and the way home."),
    "culture": ("Culture", "The library, the archive, and what people sing, read and keep."),
    "open-records": ("Open records", "Contracts, accounts and documents that anyone may read."),
}
"""Name and description by slug."""


@dataclass(frozen=True)
class Writer:
    """An author. The slug names the portrait, too."""

    slug: str
    name: str
    role: str
    biography: str


WRITERS: Final = (
    Writer(
        "ines-tollivar",
        "Ines Tollivar",
        "Editor",
        "<p>Ines edits the foundation&rsquo;s news and answers for its mistakes, which she prints. She came to Kelmouth by the "
        'wrong ferry nineteen years ago. Write to <a href="mailto:ines@harbour.example">ines@harbour.example</a>.</p>',
    ),
    Writer(
        "bram-osk",
        "Bram Osk",
        "Water desk",
        "<p>Bram was mate on the pilot cutter for twenty-two years and has watched the tide gauges since. He writes about "
        "the harbour, and rings the bell when something is coming up the river.</p>",
    ),
    Writer(
        "dasenka-wrayle",
        "Dašenka Wrayle",
        "City reporter",
        "<p>Dašenka covers the council, the trams and whatever the council does to the trams. She has sat through more "
        "committee meetings than any living person who was not paid to speak at them.</p>",
    ),
    Writer(
        "halyna-tykha",
        "Halyna Tykha",
        "Archive and culture",
        "<p>Halyna (<i>Галина Тиха</i>) keeps the foundation&rsquo;s archive in the Seamen&rsquo;s Library. She writes about what is "
        "found there, and sings second alto.</p>",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Showing:
    """When a post appears to have been published, and where an alert stands. `cancels` is the slug of an earlier one."""

    file: str
    days_ago: int
    hour: int
    in_force: timedelta | None = None
    cancels: str = ""


SHOWINGS: Final = (
    Showing("accounts.md", 41, 9),
    Showing("sker-light.md", 33, 16),
    Showing("small-grants.md", 27, 10),
    Showing("weavers-bridge.md", 22, 8),
    Showing("fares-correction.md", 18, 12),
    Showing("moth.md", 17, 15),
    Showing("quiet-water.md", 14, 11),
    Showing("contracts.md", 11, 13),
    Showing("storm-surge.md", 9, 13, in_force=timedelta(hours=16)),
    Showing("surge-over.md", 8, 5, in_force=timedelta(days=2), cancels="storm-surge-tonight"),
    Showing("after-the-surge.md", 5, 7),
    Showing("pilots-notebooks.md", 3, 9),
    Showing("night-tram.md", 2, 17),
    Showing("boil-your-water.md", 1, 8, in_force=timedelta(days=42)),
)
"""Oldest first: a post can only cancel one that is there."""
