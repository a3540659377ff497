"""A body with one of each rare block, for tests of all the places where bodies are shown."""

from typing import Any

from tocsin.content import tables
from tocsin.content.tables import Align

RARE: list[tuple[str, Any]] = [
    ("text", "<p>The quay sank[^sinking] by a hand, <code>[^sinking]</code> says.</p>"),
    (
        "table",
        tables.stored(
            [["Quay", "Depth"], ["East **wall**", "4 m"], ["West[^survey]", "12 m"]],
            caption="Depths at low water",
            head_row=True,
            head_column=True,
            aligned={(row, 1): Align.END for row in range(3)},
        ),
    ),
    ("code", {"language": "Python", "code": "    if depth < 4:\n\twarn()"}),
    ("quote", {"text": "It holds[^survey].\n\nFor now.", "attribution": "Ana"}),
    (
        "footnotes",
        [
            {"mark": "survey", "text": "<p>The <i>survey</i> of May.</p>"},
            {"mark": "sinking", "text": '<p>See <a href="/report/">the report</a>.</p>'},
        ],
    ),
]
