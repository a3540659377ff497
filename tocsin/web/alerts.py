"""Where an alert stands: in force or not, and why. Pure; the words follow the Common Alerting Protocol 1.2."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from tocsin.content.models import PostPage


class Standing(Enum):
    """What a reader must know first."""

    IN_FORCE = "in force"
    ENDED = "ended"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    ALL_CLEAR = "all clear"


NOTES = {
    Standing.ENDED: "No longer in force",
    Standing.REPLACED: "Updated since",
    Standing.CANCELLED: "Cancelled",
}


@dataclass(frozen=True)
class Alert:
    """An alert's head. `tone` is its colour: the severity while in force, `clear`, or empty when it is over."""

    label: str
    tone: str
    standing: Standing
    expires_at: datetime | None

    @property
    def in_force(self) -> bool:
        """Whether readers have to act on it now."""
        return self.standing is Standing.IN_FORCE

    @property
    def note(self) -> str:
        """Why it is not in force, if it ever was."""
        return NOTES.get(self.standing, "")


def alert(post: PostPage, follow_ups: Collection[PostPage], now: datetime) -> Alert | None:
    """The head of an alert, given the live alerts that update or cancel it; None for news."""
    if post.kind != PostPage.Kind.ALERT:
        return None
    standing = _standing(post, follow_ups, now)
    if standing is Standing.ALL_CLEAR:
        return Alert("All clear", "clear", standing, None)
    update = ", updated" if post.alert_status == PostPage.AlertStatus.UPDATE else ""
    severity = post.get_severity_display()
    label = f"{severity} alert{update}" if severity else f"Alert{update}"
    tone = post.severity if standing is Standing.IN_FORCE else ""
    return Alert(label, tone, standing, post.alert_expires_at)


def _standing(post: PostPage, follow_ups: Collection[PostPage], now: datetime) -> Standing:
    cancel = PostPage.AlertStatus.CANCEL
    if post.alert_status == cancel:
        return Standing.ALL_CLEAR
    if any(follow_up.alert_status == cancel for follow_up in follow_ups):
        return Standing.CANCELLED
    if follow_ups:
        return Standing.REPLACED
    if post.alert_expires_at is not None and post.alert_expires_at <= now:
        return Standing.ENDED
    return Standing.IN_FORCE
