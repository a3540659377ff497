"""What is kept of one page of somebody else's."""

from django.db import models

MAX_URL = 2_000
MAX_TITLE = 300
MAX_DESCRIPTION = 600
MAX_SITE_NAME = 100


class Clipping(models.Model):
    """A page by its address. Nothing is known of it while `looked_up_at` is None; `trouble` says why, for editors."""

    url = models.CharField(max_length=MAX_URL, unique=True)
    title = models.CharField(max_length=MAX_TITLE, blank=True)
    description = models.CharField(max_length=MAX_DESCRIPTION, blank=True)
    site_name = models.CharField(max_length=MAX_SITE_NAME, blank=True)
    picture = models.CharField(max_length=100, blank=True, help_text="A file among the renditions; ours, not theirs.")
    picture_width = models.PositiveIntegerField(default=0)
    picture_height = models.PositiveIntegerField(default=0)
    wanted_at = models.DateTimeField(auto_now_add=True)
    looked_up_at = models.DateTimeField(null=True, blank=True)
    trouble = models.TextField(blank=True)

    class Meta:
        app_label = "content"
        ordering = ["-wanted_at", "-pk"]

    def __str__(self) -> str:
        return self.title or self.url
