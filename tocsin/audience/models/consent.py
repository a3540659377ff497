"""What people were asked and agreed to, and who must not be written to. Both outlive the person."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.audience.models.pace import Channel


class ConsentText(models.Model):
    """A wording that was shown to people. Never edited: a changed wording is a new row."""

    purpose = models.CharField(max_length=20)
    language = models.CharField(max_length=12)
    wording = models.TextField()
    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of purpose, language and wording.")
    created_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.wording[:60]


class Consent(models.Model):
    """One append-only line: what a person was asked, what they did, when and how. No foreign key to the person."""

    class Event(models.TextChoices):
        """What happened."""

        ASKED = "asked", _("Asked to subscribe")
        CONFIRMED = "confirmed", _("Confirmed by mailed link")
        IMPORTED = "imported", _("Imported with stated consent")
        WITHDRAWN = "withdrawn", _("Unsubscribed")
        ERASED = "erased", _("Deleted at the person's request")
        FORGOTTEN = "forgotten", _("Deleted some time after unsubscribing")

    subscriber_id = models.BigIntegerField(db_index=True)
    address_hash = models.BinaryField(max_length=16)
    event = models.CharField(max_length=10, choices=Event)
    text = models.ForeignKey(ConsentText, models.PROTECT, null=True, blank=True, db_index=False)
    how = models.CharField(max_length=200, help_text=_("Form, one-click, import file and line, ..."))
    ip = models.GenericIPAddressField(
        null=True, blank=True, help_text="Only if the publication records it; forgotten later."
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["at", "event"], name="consents_over_time")]

    def __str__(self) -> str:
        return f"{self.event} {self.at:%Y-%m-%d}"


class Suppression(models.Model):
    """An address that must not be written to."""

    class Reason(models.TextChoices):
        """Why not."""

        UNSUBSCRIBED = "unsubscribed", _("Unsubscribed from everything")
        BOUNCED = "bounced", _("The mailbox does not exist")
        COMPLAINED = "complained", _("Reported as spam")
        MANUAL = "manual", _("Put here by a person")

    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL)
    address_hash = models.BinaryField(max_length=16)
    reason = models.CharField(max_length=12, choices=Reason)
    detail = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "address_hash"], name="suppressed_once")]

    def __str__(self) -> str:
        return f"{self.reason} {self.at:%Y-%m-%d}"
