"""What posts are filed under and readers can follow: topics and authors."""

from typing import Any, ClassVar

from django.db import models, transaction
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel, TitleFieldPanel
from wagtail.admin.widgets.slug import SlugInput
from wagtail.fields import RichTextField

from tocsin.audience.actions import mirror_followable
from tocsin.audience.models import Followable


class Followed(models.Model):
    """What posts are filed under and readers can follow; mirrored among the audience's followables."""

    follow_as: ClassVar[Followable.Kind]
    name: Any
    slug: Any
    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.name)

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, and mirror as a followable in the same transaction. A new slug keeps its followers."""
        with transaction.atomic():
            was = type(self).objects.filter(pk=self.pk).values_list("slug", flat=True).first()
            super().save(*args, **kwargs)
            mirror_followable(self.follow_as, self.slug, self.name, was=was or "")


class Topic(Followed):
    """A subject posts are filed under and readers can follow."""

    follow_as = Followable.Kind.TOPIC
    name = models.CharField(max_length=80, unique=True)
    slug = models.SlugField(max_length=80, unique=True, allow_unicode=True)
    description = models.TextField(blank=True)

    panels = [
        TitleFieldPanel("name", heading=_("Name"), placeholder=False),
        FieldPanel("slug", heading=_("Slug"), widget=SlugInput),
        FieldPanel("description", heading=_("Description")),
    ]

    class Meta:
        ordering = ["name"]

    def get_absolute_url(self) -> str:
        """The topic's page."""
        return reverse("topic", args=[self.slug])


class Author(Followed):
    """Who writes: byline, picture, biography."""

    follow_as = Followable.Kind.AUTHOR
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True, allow_unicode=True)
    role = models.CharField(max_length=120, blank=True)
    picture = models.ForeignKey("wagtailimages.Image", models.SET_NULL, null=True, blank=True, related_name="+")
    biography = RichTextField(blank=True, features=["bold", "italic", "link"])

    panels = [
        TitleFieldPanel("name", heading=_("Name"), placeholder=False),
        FieldPanel("slug", heading=_("Slug"), widget=SlugInput),
        FieldPanel("role", heading=_("Role")),
        FieldPanel("picture", heading=_("Picture")),
        FieldPanel("biography", heading=_("Biography")),
    ]

    class Meta:
        ordering = ["name"]

    def get_absolute_url(self) -> str:
        """The author's page."""
        return reverse("author", args=[self.slug])
