"""Priority classes of telling. Plain data, for the courier process knows no Django."""

from enum import IntEnum


class Lane(IntEnum):
    """A lower lane is served first."""

    TRANSACTIONAL = 0
    ALERT = 1
    INSTANT = 2
    DIGEST = 3
