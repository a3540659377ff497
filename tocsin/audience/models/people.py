"""People and where they are reached. What they follow lives in `following`, what they agreed to in `consent`."""

import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.audience.models.pace import Channel, Weekday


def _within(field: str, most: int) -> models.Q:
    return models.Q((f"{field}__isnull", True)) | models.Q((f"{field}__lte", most))


class Subscriber(models.Model):
    """A person who asked.

    Hours are 0 to 23 in their own time zone. News waits while it is not yet `quiet_until` after `quiet_from`, which may be the
    evening before; alerts do not wait.
    """

    class Status(models.TextChoices):
        """Where this person stands."""

        PENDING = "pending", _("Not confirmed yet")
        ACTIVE = "active", _("Subscribed")
        LEFT = "left", _("Unsubscribed")

    public_id = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=120, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    language = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, blank=True, help_text="Empty: the publication's.")
    digest_hour = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: the publication's.")
    digest_weekday = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=Weekday, help_text="Empty: the publication's."
    )
    quiet_from = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Empty: no quiet hours.")
    quiet_until = models.PositiveSmallIntegerField(null=True, blank=True)
    alerts = models.BooleanField(
        default=True, db_default=True, help_text="Every alert reaches them, whatever they follow."
    )
    digest_due_us = models.BigIntegerField(
        null=True,
        default=0,
        db_default=0,
        editable=False,
        help_text="When their next digest is to be planned. 0: to be worked out anew; empty: never.",
    )
    digested_us = models.BigIntegerField(
        default=0, db_default=0, editable=False, help_text="Until when posts were looked at for their digests."
    )
    paused_until = models.DateTimeField(null=True, blank=True)
    uncounted = models.BooleanField(default=False, db_default=False, help_text="Refuses that clicks are counted.")
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="When asked once more to confirm.")
    source = models.CharField(
        max_length=40, blank=True, help_text=_("Where this person came from: form, import, demo.")
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [
            models.Index(
                fields=["digest_due_us", "id"], name="digests_due", condition=models.Q(digest_due_us__isnull=False)
            ),
            models.Index(
                fields=["time_zone", "quiet_from", "quiet_until"],
                name="quiet_readers",
                condition=models.Q(quiet_from__isnull=False),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=_within("digest_hour", 23), name="digest_hour_of_the_day"),
            models.CheckConstraint(condition=_within("digest_weekday", 6), name="digest_day_of_the_week"),
            models.CheckConstraint(
                condition=models.Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | models.Q(quiet_from__lte=23, quiet_until__lte=23),
                name="quiet_hours_begin_and_end",
            ),
        ]
        permissions = [("export_subscriber", "Can export readers and their addresses")]

    def __str__(self) -> str:
        return self.name or str(self.public_id)

    @property
    def on_break_until(self) -> datetime | None:
        """When the break they take now ends; None while they take none."""
        return self.paused_until if self.paused_until and self.paused_until > timezone.now() else None


class Address(models.Model):
    """Where a subscriber is reached on one channel. `hash` survives in the ledger when this row is gone."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="addresses", db_index=False)
    channel = models.CharField(max_length=10, choices=Channel, default=Channel.EMAIL)
    value = models.CharField(max_length=320)
    hash = models.BinaryField(max_length=16)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    is_disposable = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Of a domain that gives out mailboxes for minutes, when it was asked for.",
    )

    class Meta:
        verbose_name_plural = _("addresses")
        constraints = [
            models.UniqueConstraint(fields=["channel", "hash"], name="one_owner_per_address"),
            models.UniqueConstraint(fields=["subscriber", "channel"], name="one_address_per_channel"),
        ]

    def __str__(self) -> str:
        return self.value


class StaffNote(models.Model):
    """What somebody of the staff wrote about a subscriber, or did to them. Goes with the person."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="notes")
    text = models.TextField(max_length=2000)
    by = models.CharField(max_length=150, help_text="The user name, which outlives the account.")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.text[:60]
