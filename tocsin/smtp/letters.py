"""Letters on their way through a connection, and the ways they end. Plain data; `transfer.py` moves them."""

from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

from tocsin.smtp.state import Verb


class Letter(Protocol):
    """A message with its envelope. Addresses are bare. `proven`: whoever made `body` knows that `envelope.check_content`
    would let it pass, for every message is made of the same pieces.
    """

    @property
    def return_path(self) -> str: ...
    @property
    def recipient(self) -> str: ...
    @property
    def body(self) -> bytes: ...
    @property
    def proven(self) -> bool: ...


L = TypeVar("L", bound=Letter)


class End(Enum):
    """What a letter ends as."""

    TAKEN = "taken"  # the server answered for it: 2xx to its recipient and to its body
    REFUSED = "refused"  # by the reply that the ending gives; it may be a 421
    BROKEN = "broken"  # the connection ended at this letter's turn, before any of its body left
    BEHIND = "behind"  # the connection ended before this letter's turn
    UNKNOWN = "unknown"  # some of its body left, and no reply came


@dataclass(slots=True)
class Ending(Generic[L]):
    """How one letter ended. `verb`: what was answered or waited; `words`: the server's, or what happened to the line.

    `code` is the reply's, 0 without one.
    """

    letter: L
    end: End
    verb: Verb
    words: str
    code: int = 0


@dataclass(eq=False, slots=True)
class Passage(Generic[L]):
    """A letter prepared or on its way.

    `body_at`, `ends_at`: where its body lies among all octets made for this connection, once it is made.
    `turned_away`: its recipient was refused. `refusal`: how it ends, if its turn ends: by the first no.
    """

    letter: L
    mail: bytes
    rcpt: bytes
    body: bytes
    turned_away: bool = False
    refusal: Ending[L] | None = None
    body_at: int | None = None
    ends_at: int = 0
