"""The publication: who speaks, in whose name, and what it keeps how long."""

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from tocsin.audience.models.pace import Weekday

LONGEST_DAYS = 3650
"""The longest that anything is kept by a setting: ten years."""


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
