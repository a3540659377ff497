"""Named SQL for Django's own cursors: `-- name: add` begins a statement of a `.sql` file. The ledger's SQL, which Django does not run,
is read by `courier.ledger.statements`.

Parameters are written `%(name)s`. What SQLite and PostgreSQL say differently is written once:

- `{rows:name}`: the parameter, a JSON list, as a table `given` with a column `value`; see `packed`;
- `{among:name}`: a condition behind a column: it is one of the numbers in the parameter, a JSON list;
- `{us:column}`: a moment as microseconds UTC.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

MACRO = re.compile(r"\{(rows|among|us):([\w.]+)\}")
SAID = {
    "sqlite": {
        "rows": "json_each(%({0})s) AS given",
        "among": "IN (SELECT value FROM json_each(%({0})s))",
        "us": "(CAST(strftime('%%s', substr({0}, 1, 19)) AS integer) * 1000000 + CAST(substr({0} || '.000000', 21, 6) AS integer))",
    },
    "postgresql": {
        "rows": "jsonb_array_elements(CAST(%({0})s AS jsonb)) AS given(value)",
        "among": "= ANY (CAST(translate(%({0})s, '[]', '{{}}') AS bigint[]))",
        "us": "CAST(extract(epoch FROM {0}) * 1000000 AS bigint)",
    },
}


@cache
def statements(package: str, file: str, vendor: str) -> Mapping[str, str]:
    """The statements of a file beside the modules of `package`, by name, as the database `vendor` says them."""
    text = files(package).joinpath(file).read_text(encoding="utf-8")
    _, *parts = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    said = SAID[vendor]
    return {
        name: MACRO.sub(lambda macro: said[macro[1]].format(macro[2]), statement.strip())
        for name, statement in zip(parts[::2], parts[1::2], strict=True)
    }


def packed(rows: Iterable[Any]) -> str:
    """A parameter for `{rows:}` or `{among:}`: many rows, or numbers, in one statement."""
    return json.dumps(list(rows), separators=(",", ":"))
