"""The nouns of the audience. Writers live in `actions.py`, readers in `queries.py`."""

import uuid
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

LONGEST_DAYS = 3650
"""The longest that anything is kept by a setting: ten years."""


class Channel(models.TextChoices):
    """A way to reach a subscriber."""

    EMAIL = "email", _("E-mail")


class Cadence(models.TextChoices):
    """The pace at which a subscription tells."""

    INSTANT = "instant", _("As it happens")
    DAILY = "daily", _("Once a day")
    WEEKLY = "weekly", _("Once a week")
    ALERTS = "alerts", _("Alerts only")


class Weekday(models.IntegerChoices):
    """A day of the week, numbered as `datetime.weekday` does."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")


class Publication(models.Model):
    """The site: one row, made by the first start and edited in the newsroom."""

    class UnsurePolicy(models.TextChoices):
        """What to do when a relay may or may not have taken a message."""

        RESEND = "resend", _("Send once more (a reader may get it twice)")
        HOLD = "hold", _("Wait for a person to decide")

    name = models.CharField(max_length=120)
    tagline = models.CharField(max_length=200, blank=True)
    address_line = models.CharField(
        max_length=300, blank=True, help_text=_("Postal address, shown at the foot of every mail.")
    )
    sender_name = models.CharField(max_length=120, blank=True, help_text=_("Who mail comes from. Default: the name."))
    sender_email = models.EmailField(help_text=_("The address mail comes from."))
    reply_to = models.EmailField(blank=True)
    staff_email = models.EmailField(blank=True, help_text=_("Who is told when something needs a person."))
    language = models.CharField(max_length=12, default="en")
    time_zone = models.CharField(max_length=64, default="UTC")
    accent = models.CharField(max_length=7, default="#9b2d1f", help_text=_("The one accent colour, as #rrggbb."))
    shows_views = models.BooleanField(
        default=False, help_text=_("Below each post, for readers. Editors see it in the list of posts.")
    )
    unsure_policy = models.CharField(max_length=8, choices=UnsurePolicy, default=UnsurePolicy.RESEND)
    digest_hour = models.PositiveSmallIntegerField(
        default=7,
        help_text=_("When digests go out, 0 to 23 o'clock in the reader's time zone, unless they chose an hour."),
    )
    digest_weekday = models.PositiveSmallIntegerField(
        default=0, choices=Weekday, help_text=_("When weekly digests go out, unless the reader chose a day.")
    )
    keep_unconfirmed_days = models.PositiveSmallIntegerField(
        _("requests nobody confirmed"),
        default=14,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
        help_text=_("Days after which they are deleted. The mailed link works for seven."),
    )
    keep_left_days = models.PositiveSmallIntegerField(
        _("people who unsubscribed"),
        default=30,
        validators=[MaxValueValidator(LONGEST_DAYS)],
        help_text=_(
            "Days after which name and address are deleted. A keyed code stays, so that nobody is added again."
        ),
    )
    keep_details_days = models.PositiveSmallIntegerField(
        _("who was sent what"),
        default=365,
        validators=[MinValueValidator(30), MaxValueValidator(LONGEST_DAYS)],
        help_text=_("Days after which a telling names no reader any more. Its numbers stay."),
    )
    record_ip = models.BooleanField(
        _("record network addresses"),
        default=False,
        help_text=_("With consent, also the IP address it was given from."),
    )
    keep_ip_days = models.PositiveSmallIntegerField(
        _("network addresses"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)],
        help_text=_("Days after which they are deleted."),
    )
    count_clicks = models.BooleanField(
        _("count clicks"),
        default=False,
        help_text=_(
            "How often each link in a mail is followed on a day, never by whom. Readers are told and can refuse."
        ),
    )
    address_key_check = models.CharField(max_length=16, editable=False, help_text="See lib.addresses.key_check.")

    class Meta:
        verbose_name = _("publication")

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        """Its time zone; UTC if this machine does not know that one."""
        try:
            return ZoneInfo(self.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return ZoneInfo("UTC")


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


class Followable(models.Model):
    """What a reader can follow. Topics and authors are mirrored here by the content room."""

    class Kind(models.TextChoices):
        """What sort of thing is followed."""

        EVERYTHING = "everything", _("Everything")
        TOPIC = "topic", _("Topic")
        AUTHOR = "author", _("Author")

    kind = models.CharField(max_length=10, choices=Kind)
    slug = models.SlugField(max_length=120, allow_unicode=True, blank=True)
    name = models.CharField(max_length=200)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "slug"], name="one_followable_per_slug")]

    def __str__(self) -> str:
        return self.name


class Subscription(models.Model):
    """Subscriber x followable x cadence.

    `created_at`: since when it tells of news. It stays when the pace changes; it begins anew after *alerts only*.
    """

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="subscriptions", db_index=False)
    followable = models.ForeignKey(Followable, models.CASCADE, related_name="subscriptions", db_index=False)
    cadence = models.CharField(max_length=8, choices=Cadence, default=Cadence.INSTANT)
    created_at = models.DateTimeField(default=timezone.now)
    paced_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when at this cadence. Empty: from the start."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["subscriber", "followable"], name="one_pace_per_followable")]
        indexes = [models.Index(fields=["followable", "cadence", "subscriber"], name="who_follows")]

    def __str__(self) -> str:
        return f"{self.subscriber} - {self.followable} - {self.cadence}"


class PastChoice(models.Model):
    """A subscription as it was before its reader changed or ended it: why something was sent stays to be seen."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="past_choices")
    followable = models.ForeignKey(Followable, models.CASCADE, related_name="+")
    cadence = models.CharField(max_length=8, choices=Cadence)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subscriber} - {self.followable} - {self.cadence} until {self.ended_at:%Y-%m-%d}"


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


class StaffNote(models.Model):
    """What somebody of the staff wrote about a subscriber, or did to them. Goes with the person."""

    subscriber = models.ForeignKey(Subscriber, models.CASCADE, related_name="notes")
    text = models.TextField(max_length=2000)
    by = models.CharField(max_length=150, help_text="The user name, which outlives the account.")
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.text[:60]


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


class Import(models.Model):
    """A file of people that was given in the newsroom: what it is, what is to be done with it, how far that is.

    The file lies in the state directory until it is over. `after`: everybody up to this address hash is in. `runner`: who is at
    it; whoever finds another here stops.
    """

    class State(models.TextChoices):
        """How far it is. A person decides between *ready* and *approved*; the rest is done by tasks."""

        GIVEN = "given", _("To be checked")
        CHECKING = "checking", _("Being checked")
        READY = "ready", _("Waits for a decision")
        APPROVED = "approved", _("To be imported")
        WRITING = "writing", _("Being imported")
        DONE = "done", _("Imported")
        REFUSED = "refused", _("Cannot be read")
        DROPPED = "dropped", _("Thrown away")

    token = models.UUIDField(unique=True, default=uuid.uuid4, editable=False)
    filename = models.CharField(max_length=150)
    consent = models.TextField()
    choices = models.JSONField(
        default=dict, help_text="What somebody said of the file instead of letting it be recognised."
    )
    form = models.JSONField(default=dict, help_text="What was recognised, to be shown.")
    state = models.CharField(max_length=8, choices=State, default=State.GIVEN)
    problem = models.TextField(blank=True)
    lines = models.BigIntegerField(default=0, help_text="How many lines were read so far.")
    people = models.BigIntegerField(default=0, help_text="How many addresses are in it.")
    place = models.BigIntegerField(default=0, help_text="How many of them are dealt with.")
    expected = models.JSONField(default=dict, help_text="What the check says would happen.")
    counts = models.JSONField(default=dict, help_text="What happened.")
    after = models.BinaryField(max_length=16, default=b"")
    runner = models.CharField(max_length=32, blank=True)
    beat_at = models.DateTimeField(null=True, blank=True)
    given_by = models.CharField(max_length=150)
    approved_by = models.CharField(max_length=150, blank=True)
    given_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.filename


class Export(models.Model):
    """One line of the export log: who took whose addresses away. Without `ended_at` it was cut off."""

    who = models.CharField(max_length=150, help_text="A user name, or “command line”.")
    wanted = models.CharField(max_length=200, help_text="Which people, in words.")
    people = models.BigIntegerField(null=True, blank=True)
    at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.who} {self.at:%Y-%m-%d}"


class Allowance(models.Model):
    """A token bucket: what one key (a network, an address hash, the site) may still ask for."""

    key = models.CharField(max_length=120, primary_key=True)
    tokens = models.FloatField()
    at_us = models.BigIntegerField(db_index=True)

    def __str__(self) -> str:
        return self.key
