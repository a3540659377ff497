"""What can be followed, and who follows it at which pace."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tocsin.audience.models.pace import Cadence
from tocsin.audience.models.people import Subscriber


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
