"""Posts, their bylines and notes, and the stream they appear in.

A post going live is announced (`announcements`) inside the transaction that makes it live; the desk listens.
Nothing here knows of telling.
"""

import math
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from modelcluster.fields import ParentalKey, ParentalManyToManyField
from wagtail.admin.panels import FieldPanel, FieldRowPanel, InlinePanel, MultiFieldPanel
from wagtail.fields import StreamField
from wagtail.models import Orderable, Page
from wagtail.search import index

from tocsin.content import announcements, previews
from tocsin.content.blocks import BodyBlock
from tocsin.content.forms import PostForm
from tocsin.content.models.filing import Author, Topic
from tocsin.content.slugs import refuse_reserved

WORDS_A_MINUTE = 230


class StreamPage(Page):
    """The front page: the stream of latest posts. Posts live right below it."""

    subpage_types: ClassVar[list[str]] = ["content.PostPage", "content.PlainPage"]
    max_count = None
    template = "web/stream.html"

    class Meta:
        verbose_name = _("news stream")

    def route(self, request: HttpRequest, path_components: Sequence[str]) -> Any:
        """As every page, but a post right below is read at once and with its language, instead of in three queries."""
        if len(path_components) == 1:
            posts = PostPage.objects.child_of(self).select_related("locale", "lead_image")
            post = posts.filter(slug=path_components[0]).first()
            if post is not None:
                return post.route(request, [])
        return super().route(request, path_components)


class PostPage(Page):
    """What an editor publishes."""

    class Kind(models.TextChoices):
        """News is read when convenient; an alert now."""

        NEWS = "news", _("News")
        ALERT = "alert", _("Alert")

    class Severity(models.TextChoices):
        """How bad, in the words of the Common Alerting Protocol 1.2 (element `severity`)."""

        MINOR = "minor", _("Minor")
        MODERATE = "moderate", _("Moderate")
        SEVERE = "severe", _("Severe")
        EXTREME = "extreme", _("Extreme")

    class AlertStatus(models.TextChoices):
        """Where an alert stands in its chain (CAP `msgType`)."""

        ALERT = "alert", _("First alert")
        UPDATE = "update", _("Update of an earlier alert")
        CANCEL = "cancel", _("Cancels an earlier alert")

    kind = models.CharField(_("News or alert"), max_length=8, choices=Kind, default=Kind.NEWS)
    summary = models.TextField(
        _("Summary"), max_length=500, blank=True, help_text=_("One or two sentences: shown in the stream and in mail.")
    )
    body = StreamField(BodyBlock(), verbose_name=_("Body"), blank=True)
    lead_image = models.ForeignKey(
        "wagtailimages.Image", models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("Picture")
    )
    lead_image_alt = models.CharField(_("Described in words"), max_length=300, blank=True)
    lead_image_is_decorative = models.BooleanField(_("It only decorates and needs no words"), default=False)
    lead_image_credit = models.CharField(_("Credit"), max_length=120, blank=True)
    topics = ParentalManyToManyField(Topic, blank=True, related_name="posts", verbose_name=_("Topics"))
    date_shown = models.DateTimeField(
        _("Date shown"), null=True, blank=True, help_text=_("Shown to readers instead of the moment of publishing.")
    )
    severity = models.CharField(_("Severity"), max_length=10, choices=Severity, blank=True)
    alert_status = models.CharField(
        _("First, update or end"), max_length=8, choices=AlertStatus, default=AlertStatus.ALERT, blank=True
    )
    alert_expires_at = models.DateTimeField(_("Over at"), null=True, blank=True, help_text=_("When the alert is over."))
    follows_up = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="follow_ups",
        verbose_name=_("Earlier alert"),
        help_text=_("The alert this one updates or cancels."),
    )
    tell_readers = models.BooleanField(
        default=True, help_text=_("Mail subscribers when this goes live for the first time.")
    )

    parent_page_types: ClassVar[list[str]] = ["content.StreamPage"]
    subpage_types: ClassVar[list[str]] = []
    template = "web/post.html"
    base_form_class = PostForm

    search_fields = [
        *Page.search_fields,
        index.SearchField("summary"),
        index.SearchField("body"),
        index.AutocompleteField("summary"),
        index.AutocompleteField("body"),
        index.FilterField("kind"),
    ]

    content_panels = [
        *Page.content_panels,
        FieldPanel("summary", heading=_("Summary")),
        FieldPanel("kind", heading=_("News or alert")),
        MultiFieldPanel(
            [
                FieldPanel("severity", heading=_("Severity")),
                FieldPanel("alert_expires_at", heading=_("Over at")),
                FieldPanel("alert_status", heading=_("First, update or end")),
                FieldPanel("follows_up", heading=_("Earlier alert")),
            ],
            heading=_("Alert"),
            classname="alert-only",
        ),
        MultiFieldPanel(
            [
                FieldPanel("lead_image", heading=_("Picture")),
                FieldPanel(
                    "lead_image_alt",
                    heading=_("Described in words"),
                    help_text=_("What it shows, for those who cannot see it."),
                ),
                FieldPanel("lead_image_is_decorative", heading=_("It only decorates and needs no words")),
                FieldPanel("lead_image_credit", heading=_("Credit")),
            ],
            heading=_("Lead picture"),
        ),
        FieldPanel("body", heading=_("Body")),
        MultiFieldPanel(
            [
                FieldPanel("topics", heading=_("Topics"), widget=CheckboxSelectMultiple),
                InlinePanel("bylines", label=_("author")),
            ],
            heading=_("Topics and authors"),
        ),
        FieldPanel("date_shown", heading=_("Date shown")),
        InlinePanel("notes", heading=_("Corrections and updates"), label=_("note")),
    ]

    class Meta:
        verbose_name = _("post")

    @property
    def preview_modes(self) -> list[tuple[str, Any]]:
        """As on the site, and in whatever other forms rooms above this one show posts."""
        return [("", _("As on the site")), *((name, preview.label) for name, preview in previews.MODES.items())]

    def serve_preview(self, request: HttpRequest, mode_name: str) -> HttpResponse:
        """Show the draft in one of its forms."""
        if mode_name in previews.MODES:
            return previews.MODES[mode_name].show(self, request)
        shown: HttpResponse = super().serve_preview(request, mode_name)
        return shown

    @property
    def authors(self) -> list[Author]:
        """Its authors, in byline order."""
        return [byline.author for byline in self.bylines.select_related("author__picture").order_by("sort_order")]

    @property
    def shown_at(self) -> datetime | None:
        """The moment readers see as its date; None while it was never published."""
        return self.date_shown or self.first_published_at

    @property
    def views(self) -> int:
        """How often it was read, as far as that is written down."""
        found = getattr(self, "readership", None)
        return found.views if found is not None else 0

    @cached_property
    def reading_minutes(self) -> int:
        """Whole minutes, at least one."""
        texts = self.body.stream_block.get_searchable_content(self.body)
        return max(1, math.ceil(len(" ".join(texts).split()) / WORDS_A_MINUTE))

    def clean(self) -> None:
        """Refuse what cannot work: a slug that hides a page of the site, an alert without severity."""
        super().clean()
        refuse_reserved(self.slug)
        if self.kind == self.Kind.ALERT and not self.severity:
            raise ValidationError({"severity": _("An alert needs a severity: readers decide by it.")})

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; if this puts a revision before the readers or takes it away, announce it in the same transaction.

        Every way to publish ends here: the editor's button calls Wagtail's action, not `Page.publish`. The row is
        locked first, so of two who publish at once the second finds the post live.
        """
        with transaction.atomic():
            before = announcements.standing(type(self), self.pk)
            super().save(*args, **kwargs)
            announcements.announce(type(self), self.pk, before)


class Byline(Orderable):
    """One author of one post, in order."""

    post = ParentalKey(PostPage, on_delete=models.CASCADE, related_name="bylines")
    author = models.ForeignKey(Author, models.CASCADE, related_name="+")

    panels = [FieldPanel("author", heading=_("Author"))]


class Note(Orderable):
    """A dated note to readers on what changed in a post: a correction, or news that came later."""

    class Kind(models.TextChoices):
        """A correction says that something was wrong."""

        CORRECTION = "correction", _("Correction")
        UPDATE = "update", _("Update")

    post = ParentalKey(PostPage, on_delete=models.CASCADE, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind, default=Kind.CORRECTION)
    noted_at = models.DateTimeField(default=timezone.now)
    text = models.TextField(max_length=1000)

    panels = [
        FieldRowPanel([FieldPanel("kind", heading=_("Kind")), FieldPanel("noted_at", heading=_("When"))]),
        FieldPanel("text", heading=_("Text")),
    ]
