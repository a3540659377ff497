"""How many messages a second a relay may be given. Pure; the clock is the caller's, in seconds, and never goes back."""

BURST_SECONDS = 0.2


class Pace:
    """Spreads messages evenly. After a pause at most BURST_SECONDS' worth (but at least one) may go at once, so that in
    no span of T seconds more than one message and (T + BURST_SECONDS) seconds' worth leave.
    """

    def __init__(self, per_second: float) -> None:
        self._gap = 1 / per_second
        self._slack = max(0.0, BURST_SECONDS - self._gap)
        self._next = float("-inf")  # when the next message would be due if all were sent evenly

    def wait(self, now: float, lane: int = 0) -> float:  # noqa: ARG002 - the pace is the same for every lane
        """Seconds until a message may leave; 0 when it may now."""
        return max(0.0, self._next - self._slack - now)

    def take(self, now: float, lane: int = 0) -> None:  # noqa: ARG002
        """One message leaves. To be called when there is nothing to wait for."""
        self._next = max(self._next, now) + self._gap
