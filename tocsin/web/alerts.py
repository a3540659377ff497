"""Where an alert stands: in force or not, and why. Pure; the words follow the Common Alerting Protocol 1.2."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.content import phrases
from tocsin.content.models import PostPage


class Standing(Enum):
    """What a reader must know first."""

    IN_FORCE = "in force"
    ENDED = "ended"
    REPLACED = "replaced"
    CANCELLED = "cancelled"
    ALL_CLEAR = "all clear"


NOTES: dict[Standing, Promise | str] = {
    Standing.ENDED: gettext_lazy("No longer in force"),
    Standing.REPLACED: gettext_lazy("Updated since"),
    Standing.CANCELLED: gettext_lazy("Cancelled"),
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
        return str(NOTES.get(self.standing, ""))


def alert(post: PostPage, follow_ups: Collection[PostPage], now: datetime) -> Alert | None:
    """The head of an alert, given the live alerts that update or cancel it; None for news."""
    if post.kind != PostPage.Kind.ALERT:
        return None
    standing = _standing(post, follow_ups, now)
    if standing is Standing.ALL_CLEAR:
        return Alert(_("All clear"), "clear", standing, None)
    label = str(phrases.ALERTS[post.severity])
    if post.alert_status == PostPage.AlertStatus.UPDATE:
        label = _("{alert}, updated").format(alert=label)
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
