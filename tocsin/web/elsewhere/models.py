"""The nouns of this room: keys of programs, and sites whose pages carry our form."""

from datetime import datetime
from enum import StrEnum

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a key opens."""

    SUBSCRIBERS_WRITE = "subscribers:write", _("Ask people to confirm a subscription")
    SUBSCRIBERS_CONFIRM = "subscribers:confirm", _("Subscribe people at once, who agreed elsewhere")
    SUBSCRIBERS_READ = "subscribers:read", _("Look up what somebody is subscribed to")
    TOPICS_READ = "topics:read", _("Read the list of topics")
    POSTS_READ = "posts:read", _("Read posts")


class Standing(StrEnum):
    """Whether a key opens anything."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


class Key(models.Model):
    """A program's key. The key itself is not kept, only its SHA-256: it has 256 random bits, so nobody can guess it from that."""

    name = models.CharField(_("name"), max_length=80, help_text=_("Which program uses it, and where."))
    start = models.CharField(max_length=24, unique=True, help_text=_("What the key begins with; found by it."))
    digest = models.BinaryField(max_length=32)
    scopes = models.JSONField(default=list)
    made_by = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("key")
        verbose_name_plural = _("keys")
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name

    def standing(self, now: datetime) -> Standing:
        """Whether it opens anything at `now`."""
        if self.revoked_at is not None:
            return Standing.REVOKED
        return Standing.EXPIRED if self.expires_at and self.expires_at <= now else Standing.VALID


class FriendlySite(models.Model):
    """A site whose pages carry our form: readers who come from it are offered a way back to it."""

    origin = models.CharField(max_length=255, unique=True, help_text=_("Scheme, host and port: https://example.org"))

    class Meta:
        verbose_name = _("friendly site")
        default_permissions = ("change",)

    def __str__(self) -> str:
        return self.origin
