"""How fast this courier works, and so how much it should have at hand. Pure; seconds on a clock that never goes back."""

FIRST_GUESS = 40.0
ENOUGH = 40
"""Messages that show a pace; or else what comes in a second does."""
FADES = 2.0

CLAIM_SECONDS = 10.0
CLAIM_MOST = 2000
LOOK_UP_SECONDS = 0.5
LOOK_UP_MOST = 1500


class Flow:
    """Messages a second: follows a rise at once and a fall within a few seconds. `most`: what the relays allow."""

    def __init__(self, most: float = float("inf")) -> None:
        self.rate = min(FIRST_GUESS, most)
        self._most = most
        self._count = 0
        self._at: float | None = None

    def see(self, count: int, now: float) -> None:
        """So many messages were taken up altogether."""
        if self._at is None:
            self._count, self._at = count, now
        span = now - self._at
        if span <= 0 or (count - self._count < ENOUGH and span < 1.0):
            return
        rate = min((count - self._count) / span, self._most)
        self.rate = rate if rate > self.rate else self.rate + (rate - self.rate) * min(1.0, span / FADES)
        self._count, self._at = count, now

    @property
    def to_claim(self) -> int:
        """How many rows to hold: ten seconds' worth."""
        return min(int(self.rate * CLAIM_SECONDS), CLAIM_MOST)

    @property
    def to_look_up(self) -> int:
        """How many rows to have looked up: half a second's worth, for they keep for one."""
        return min(int(self.rate * LOOK_UP_SECONDS), LOOK_UP_MOST)
