"""Pages that are no news, and the menus that lead to them."""

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _
from wagtail.admin.panels import FieldPanel
from wagtail.fields import StreamField
from wagtail.models import Page

from tocsin.content.blocks import BodyBlock
from tocsin.content.slugs import refuse_reserved


class PlainPage(Page):
    """A page that is no news: about us, contact, imprint. Nobody is told of it."""

    body = StreamField(BodyBlock(), verbose_name=_("Body"), blank=True)

    parent_page_types: ClassVar[list[str]] = ["content.StreamPage"]
    subpage_types: ClassVar[list[str]] = []
    template = "web/plain.html"
    content_panels = [*Page.content_panels, FieldPanel("body", heading=_("Body"))]

    class Meta:
        verbose_name = _("page")

    def clean(self) -> None:
        """Refuse a slug that hides a page of the site."""
        super().clean()
        refuse_reserved(self.slug)


class MenuItem(models.Model):
    """A link in the masthead or at the foot of every page. Without any in the masthead it names the topics."""

    class Place(models.TextChoices):
        """Where it stands."""

        MASTHEAD = "masthead", _("At the top of every page")
        FOOT = "foot", _("At the foot of every page")

    place = models.CharField(max_length=10, choices=Place, default=Place.MASTHEAD)
    label = models.CharField(max_length=60)
    page = models.ForeignKey(Page, models.CASCADE, null=True, blank=True, related_name="+")
    url = models.CharField(
        _("address"),
        max_length=500,
        blank=True,
        validators=[
            RegexValidator(r"^(https?://|mailto:)\S+$|^/(?!/)\S*$", _("Write https://..., mailto:... or /..."))
        ],
        help_text=_("For what is no page of this site, or /topics/NAME/, /archive/ and the like."),
    )
    sort_order = models.IntegerField(default=0, editable=False)

    panels = [
        FieldPanel("label", heading=_("Label")),
        FieldPanel("place", heading=_("Place")),
        FieldPanel("page", heading=_("Page")),
        FieldPanel("url", heading=_("Address")),
    ]

    class Meta:
        ordering = ["sort_order", "pk"]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        """It leads to one place."""
        if bool(self.page) == bool(self.url):
            raise ValidationError(_("Choose a page or write an address, one of the two."))
