"""The tables of telling. Django makes them; the courier process reads and writes them in named SQL.

Times are integer microseconds UTC (`*_us`). Post, revision, subscriber and address ids are plain integers, not
foreign keys: the ledger outlives whoever and whatever it speaks of. Only the ledger moves a delivery's state.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.courier.lanes import Lane
from tocsin.courier.states import State

__all__ = [
    "Attempt",
    "Batch",
    "Clicks",
    "CountedLink",
    "Courier",
    "Delivery",
    "Dispatch",
    "Edition",
    "Lane",
    "RelayStatus",
    "RelayUse",
    "Telling",
]


class Dispatch(models.Model):
    """One telling. `audience` is stored when it is planned and never computed again."""

    class Kind(models.TextChoices):
        """What is told."""

        POST = "post", _("News")
        ALERT = "alert", _("Alert")
        DIGEST = "digest", _("Digest")
        CORRECTION = "correction", _("Correction")
        READER = "reader", _("Mail a reader asked for")
        STAFF = "staff", _("Staff mail")

    kind = models.CharField(max_length=10, choices=Kind)
    lane = models.SmallIntegerField(choices=[(lane.value, lane.name.capitalize()) for lane in Lane])
    channel = models.CharField(max_length=10, default="email")
    post_id = models.BigIntegerField(null=True, blank=True, db_index=True)
    revision_id = models.BigIntegerField(null=True, blank=True)
    title = models.CharField(max_length=300, blank=True)
    audience = models.IntegerField()
    hold_unsure = models.BooleanField(default=False)
    created_us = models.BigIntegerField()
    give_up_us = models.BigIntegerField(help_text="Deferred deliveries fail after this.")
    cancelled_us = models.BigIntegerField(null=True, blank=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    paused_us = models.BigIntegerField(null=True, blank=True)
    pause_reason = models.CharField(max_length=200, blank=True)
    forgotten_id = models.BigIntegerField(
        default=0, db_default=0, help_text="Up to this delivery no reader is named any more."
    )
    forgotten_us = models.BigIntegerField(null=True, blank=True, help_text="When the last of them was forgotten.")

    class Meta:
        verbose_name_plural = "dispatches"
        indexes = [
            models.Index(fields=["created_us"], name="to_be_forgotten", condition=models.Q(forgotten_us__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}: {self.title}"


class Edition(models.Model):
    """The exact content of a message, frozen when planned. Personal values are marked, see `courier.message`."""

    dispatch = models.ForeignKey(Dispatch, models.CASCADE, related_name="editions")
    language = models.CharField(max_length=12)
    posts = models.JSONField(default=list, help_text="[[post id, revision id], ...]")
    message = models.JSONField(help_text="A courier.message.Message as JSON.")

    def __str__(self) -> str:
        return f"Edition {self.pk}"


class Telling(models.Model):
    """The first telling of a post to an address: its uniqueness is what makes *once* true."""

    post_id = models.BigIntegerField()
    channel = models.CharField(max_length=10)
    address_hash = models.BinaryField(max_length=16)
    dispatch = models.ForeignKey(Dispatch, models.CASCADE, db_index=False, db_constraint=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post_id", "channel", "address_hash"], name="post_told_once"),
        ]

    def __str__(self) -> str:
        return f"Post {self.post_id} in dispatch {self.dispatch_id}"


class Courier(models.Model):
    """One run of a courier process. Its beat counts up while it lives; clocks of two hosts are never compared."""

    id = models.UUIDField(primary_key=True)
    host = models.CharField(max_length=200)
    boot = models.CharField(max_length=64)
    pid = models.IntegerField()
    beat = models.BigIntegerField(default=0)
    started_us = models.BigIntegerField()
    joined = models.BooleanField(default=False, help_text="It knows this database for the one it works on.")
    gone_us = models.BigIntegerField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Epoch(models.Model):
    """The one row that tells this database from its copies, see `ledger/epoch.py`."""

    lineage = models.CharField(max_length=32)
    number = models.BigIntegerField()
    held = models.BooleanField(
        default=False, db_default=False, help_text="Restored or copied: what plans itself waits for a person too."
    )

    def __str__(self) -> str:
        return f"{self.lineage} {self.number}"


class Batch(models.Model):
    """A range of one dispatch's deliveries, leased together. These rows are the sending queue.

    `due_us` is when there is next something to do here; NULL when all is settled or the dispatch is paused. Leased while
    `token` is set.
    """

    dispatch = models.ForeignKey(Dispatch, models.CASCADE, related_name="batches")
    lane = models.SmallIntegerField()
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    due_us = models.BigIntegerField(null=True)
    token = models.BigIntegerField(null=True)
    courier = models.ForeignKey(Courier, models.PROTECT, null=True)
    leased_us = models.BigIntegerField(null=True)

    class Meta:
        verbose_name_plural = "batches"
        indexes = [
            models.Index(
                fields=["lane", "due_us", "id"],
                name="sending_queue",
                condition=models.Q(due_us__isnull=False, token__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"Batch {self.pk} of dispatch {self.dispatch_id}"


class Delivery(models.Model):
    """One ledger row: one edition to one subscriber on one channel.

    `due_us`: when the courier may work on it; NULL once nothing more will be tried. Planned rows are due at once.
    """

    dispatch = models.ForeignKey(
        Dispatch, models.CASCADE, related_name="deliveries", db_index=False, db_constraint=False
    )
    edition = models.ForeignKey(Edition, models.CASCADE, db_index=False, db_constraint=False)
    channel = models.CharField(max_length=10)
    subscriber_id = models.BigIntegerField(null=True)
    address_id = models.BigIntegerField(null=True)
    address_hash = models.BinaryField(max_length=16)
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in State], default=State.PLANNED.value)
    due_us = models.BigIntegerField(null=True)
    attempts = models.SmallIntegerField(default=0)
    doubts = models.SmallIntegerField(default=0, help_text="How often it became unsure.")
    at_us = models.BigIntegerField(help_text="When the state last moved.")
    reply = models.TextField(blank=True, default="", help_text="The relay's own words, or our reason.")

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            models.UniqueConstraint(fields=["dispatch", "channel", "address_hash"], name="told_once_per_dispatch"),
        ]
        indexes = [models.Index(fields=["subscriber_id"], name="sent_to_one")]

    def __str__(self) -> str:
        return f"Delivery {self.pk}"


class Attempt(models.Model):
    """One try at one delivery. One that was accepted at the first has none: then the delivery's row is its record.

    `outcome` is the evidence (`states.Evidence`), or `duplicate` for a 250 when it was accepted already. `relay` is empty
    when nobody knows whether it was tried at all.
    """

    delivery = models.ForeignKey(Delivery, models.CASCADE, db_index=False, db_constraint=False)
    number = models.SmallIntegerField()
    relay = models.CharField(max_length=260)
    started_us = models.BigIntegerField()
    finished_us = models.BigIntegerField()
    outcome = models.CharField(max_length=12)
    reply = models.TextField(blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_numbered")]

    def __str__(self) -> str:
        return f"Attempt {self.number} at delivery {self.delivery_id}"


class CountedLink(models.Model):
    """A link of a telling that leads through our own counter. Its key says nothing of whom it was mailed to."""

    key = models.CharField(max_length=16, primary_key=True)
    dispatch = models.ForeignKey(Dispatch, models.CASCADE, related_name="links")
    url = models.TextField()
    place = models.SmallIntegerField(help_text="Its place in the mail, the first is 0.")

    def __str__(self) -> str:
        return self.url


class Clicks(models.Model):
    """How often a counted link was followed on one day, UTC."""

    link = models.ForeignKey(CountedLink, models.CASCADE, related_name="clicks")
    day = models.DateField()
    number = models.IntegerField()

    class Meta:
        verbose_name_plural = "clicks"
        constraints = [models.UniqueConstraint(fields=["link", "day"], name="clicks_by_day")]

    def __str__(self) -> str:
        return f"{self.number} on {self.day}"


class RelayStatus(models.Model):
    """What the couriers last saw of a relay, for the newsroom, the watchdog and `doctor`."""

    name = models.CharField(max_length=260, primary_key=True, help_text="host:port, never the credentials.")
    trouble = models.TextField(blank=True, default="", help_text="The relay's own words; empty while it works.")
    since_us = models.BigIntegerField()

    class Meta:
        verbose_name_plural = "relay statuses"

    def __str__(self) -> str:
        return self.name


class RelayUse(models.Model):
    """What was used of a relay's hour and day caps, for all couriers together. Only relays that have caps are here."""

    name = models.CharField(max_length=260, primary_key=True, help_text="host:port, never the credentials.")
    first_us = models.BigIntegerField(help_text="When its ramp began.")
    last_us = models.BigIntegerField()
    spent = models.TextField(help_text="Messages by slots of time, as JSON: `ledger/quota.py`.")

    def __str__(self) -> str:
        return self.name
