"""What was done to the audience as a whole: files of people that came in, went out, and who asked how often."""

import uuid

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


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
    """One line of the export log: who took whose addresses away. Without `ended_at` it was cut off, or is under way."""

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
