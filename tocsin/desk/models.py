"""The desk's own tables: who works here, and what was meant to be told."""

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

NOTE_CHARACTERS = 300


class User(AbstractUser):
    """Somebody who works in the newsroom."""


class PublishIntent(models.Model):
    """That a post was to be told, written in the transaction that made it live. The sweep believes nothing else."""

    class Kind(models.TextChoices):
        """First telling, or a correction an editor asked for."""

        FIRST = "first", _("First telling")
        CORRECTION = "correction", _("Told again")

    post_id = models.BigIntegerField(db_index=True)
    revision_id = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.FIRST)
    dispatch_id = models.BigIntegerField(null=True, blank=True, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=NOTE_CHARACTERS, blank=True)
    followables = models.JSONField(default=list, help_text="What it could be followed by when it was told, as ids.")
    created_us = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["post_id"], condition=models.Q(kind="first"), name="first_told_once"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} of post {self.post_id}"


class Incident(models.Model):
    """Something that needs a person. Staff are mailed when it opens; it closes by itself when it is over."""

    key = models.CharField(max_length=240, help_text="What is wrong, for machines: the same trouble has the same key.")
    text = models.TextField()
    opened_us = models.BigIntegerField()
    closed_us = models.BigIntegerField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=models.Q(closed_us__isnull=True), name="open_once"),
        ]

    def __str__(self) -> str:
        return self.text


class BulkChange(models.Model):
    """Something done to many readers at once, in the background: what, to whom, how far it is, and who wanted it."""

    verb = models.CharField(max_length=20)
    argument = models.JSONField(default=dict)
    selection = models.JSONField(default=dict, help_text="An audience.selection.Selection as JSON.")
    upto = models.BigIntegerField(help_text="Who joined later is not meant.")
    total = models.IntegerField()
    cursor = models.BigIntegerField(default=0, help_text="The last subscriber it was done to.")
    done = models.IntegerField(default=0, help_text="How many were looked at.")
    changed = models.IntegerField(default=0, help_text="How many that changed something for.")
    by = models.CharField(max_length=150)
    created_at = models.DateTimeField(default=timezone.now)
    touched_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True, help_text="Why it was given up.")

    def __str__(self) -> str:
        return f"{self.verb} to {self.total}"
