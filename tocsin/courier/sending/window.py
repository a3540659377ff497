"""How many messages one flight may carry. Pure.

Every message taken lets in one more, every refusal halves it. So one bad address in fifty changes nothing, while among
bad addresses in a row, at which servers begin to stall and then close, a flight soon carries one or two.
"""


class Window:
    """The window of one relay. It begins with one message, for nothing is known of the relay yet."""

    def __init__(self, most: int) -> None:
        self.size = 1
        self._most = most

    def taken(self) -> None:
        """A message was taken."""
        if self.size < self._most:
            self.size += 1

    def refused(self) -> None:
        """A recipient or a message was refused, for now or for good."""
        self.size = max(1, self.size // 2)

    def broken(self) -> None:
        """The relay closed (421), died or was in trouble: begin anew."""
        self.size = 1
