"""How often and how long: the process' own clockwork, in seconds. Tests make it quicker; nobody configures it."""

from dataclasses import dataclass, field

from tocsin.courier.ledger.retry import RetryPlan


@dataclass(frozen=True)
class Timing:
    """`lease`: a courier whose beat stood still for so long is given up by the others.

    `margin`: a courier whose own last beat is older than the lease without it starts nothing new. `doorbell`: how
    often the database is asked whether somebody rang, `poll` how often the queue is looked at anyway. `idle`: how long a
    connection without work stays open. `grace`: how long what is on the wire may take when the courier is told to stop.
    """

    lease: float = 30.0
    margin: float = 10.0
    beat: float = 3.0
    watch: float = 1.0
    doorbell: float = 0.05
    poll: float = 1.0
    idle: float = 10.0
    grace: float = 5.0
    farewell: float = 1.5
    longest_wait: float = 30.0
    longest_wait_when_refused: float = 5.0
    retry: RetryPlan = field(default_factory=RetryPlan)
