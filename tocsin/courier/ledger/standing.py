"""How one delivery stands right before its message: to whom, and whether it is still to be sent. Pure."""

from typing import NamedTuple

from tocsin.courier.lanes import Lane
from tocsin.courier.states import CLAIMABLE, Evidence, State

LEFT = "left"  # audience.models.Subscriber.Status
UNSUBSCRIBED = "unsubscribed"  # audience.models.Suppression.Reason


class Standing(NamedTuple):
    """As the statement `standings` tells it, in the order of its columns.

    `state` is the value of one. `address` is empty for staff mail, whose reader is in the message, and for a reader who is
    gone. `public`: the reader's public id in hexadecimal, empty when there is no reader. `started_us`: when the first attempt
    began. `refused_us`: when one was first refused for good. `attempts`: how many there were.
    """

    delivery: int
    state: str
    edition: int
    lane: int
    for_staff: bool
    address: str
    name: str
    public: str
    subscriber_status: str
    suppression: str
    cancelled: bool
    cancel_reason: str
    paused: bool
    give_up_us: int
    started_us: int | None
    refused_us: int | None
    attempts: int
    reply: str

    @property
    def public_id(self) -> bytes | None:
        """The reader's public id, 16 octets. (Making a `UUID` takes eight times as long, and there is one in every mail.)"""
        return bytes.fromhex(self.public.replace("-", "")) if self.public else None

    @property
    def open(self) -> bool:
        """Whether it may be worked on: it may have been settled or paused between the claim and now."""
        return self.state in CLAIMABLE and not self.paused

    def drop(self, now: int) -> tuple[Evidence, str] | None:
        """The evidence that it is not to be sent any more and the reason in words; None when it is to be sent."""
        if self.cancelled:
            return Evidence.WITHDRAWN, self.cancel_reason
        if self.suppression and not (self.lane == Lane.TRANSACTIONAL and self.suppression == UNSUBSCRIBED):
            return Evidence.WITHDRAWN, f"The address is suppressed: {self.suppression}."
        if not self.for_staff and not self.address:
            return Evidence.WITHDRAWN, "The reader deleted or changed this address."
        if self.subscriber_status == LEFT and self.lane != Lane.TRANSACTIONAL:
            return Evidence.WITHDRAWN, "The reader unsubscribed."
        if self.state == State.DEFERRED and now >= self.give_up_us:
            return Evidence.EXPIRED, f"deadline: {self.reply}"
        return None
