"""Errors a person sees: each says what is wrong, how to mend it, and which exit code it earns.

The exit codes are part of the command line's contract: 1 refused input, 2 usage, 3 environment.
"""

from typing import ClassVar


class TocsinError(Exception):
    """Something a person can mend. `mend` tells how, as a full sentence."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, mend: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.mend = mend


class Refused(TocsinError):  # noqa: N818 - reads as a fact
    """The input cannot be taken; nothing was changed."""

    exit_code = 1


class BadUsage(TocsinError):  # noqa: N818
    """The command was called in a way it does not know."""

    exit_code = 2


class BadEnvironment(TocsinError):  # noqa: N818
    """The machine or the configuration stands in the way."""

    exit_code = 3
