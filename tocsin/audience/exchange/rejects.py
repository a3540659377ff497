"""The bad rows of a file, kept on disk however many there are."""

import json
import tempfile
from collections.abc import Iterator, Sequence
from typing import Self

from tocsin.audience.exchange.rows import BadRow


class Rejects:
    """Bad rows in the order of the file; written once, read as often as wanted. The file is gone with this object."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed by `close`
        self._count = 0

    def add(self, some: Sequence[BadRow]) -> None:
        """Keep some more."""
        self._file.writelines(json.dumps([bad.line, bad.reason]) + "\n" for bad in some)
        self._count += len(some)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[BadRow]:
        self._file.seek(0)
        for text in self._file:
            line, reason = json.loads(text)
            yield BadRow(line, reason)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
