"""The screen of the publication's settings."""

from typing import Any

from django import forms
from django.conf import settings
from django.db import transaction
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from wagtail.admin.forms import WagtailAdminModelForm
from wagtail.admin.panels import FieldPanel, FieldRowPanel, MultiFieldPanel, ObjectList
from wagtail.admin.views import generic

from tocsin.audience import pace, turns
from tocsin.audience.models import Publication
from tocsin.audience.queries import publication
from tocsin.content import actions
from tocsin.content.models import StreamPage
from tocsin.content.screens import PermittedViewSet
from tocsin.desk import zones
from tocsin.lib.timezones import current_names


class PublicationForm(WagtailAdminModelForm):
    """The publication's settings, with what can only be chosen as choices."""

    language = forms.ChoiceField(choices=settings.LANGUAGES)
    also_in = forms.MultipleChoiceField(
        label=_("Also in"),
        choices=settings.LANGUAGES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Each gets a front page of its own, such as /de/. What is unticked is taken down, not deleted."),
    )
    time_zone = forms.ChoiceField(  # its choices are made with the form
        help_text=_("Dates are shown in it, to readers and, unless they choose another, to editors."),
    )
    digest_hour = forms.TypedChoiceField(
        choices=[(hour, f"{hour:02}:00") for hour in pace.HOURS],
        coerce=int,
        help_text=_("When digests go out, in each reader's own time zone, unless they chose an hour."),
    )
    accent = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$", widget=forms.TextInput(attrs={"type": "color"}), help_text=_("The one accent colour.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["time_zone"]
        names = sorted({*current_names(), "UTC", self.initial.get("time_zone") or "UTC"})
        field.choices = [(zone, zone.replace("_", " ")) for zone in names]
        spoken = StreamPage.objects.live().values_list("locale__language_code", flat=True)
        self.initial["also_in"] = [code for code in spoken if code != self.initial.get("language")]

    @transaction.atomic
    def save(self, commit: bool = True) -> Any:
        """Save; editors who kept the publication's time zone follow it, and the site speaks the chosen languages."""
        if "time_zone" in self.changed_data:
            zones.follow(self.initial["time_zone"], self.cleaned_data["time_zone"])
        if {"time_zone", "digest_hour", "digest_weekday"} & set(self.changed_data):
            turns.reschedule()
        actions.speak(self.cleaned_data["language"], self.cleaned_data["also_in"])
        return super().save(commit=commit)


PUBLICATION_PANEL = ObjectList(
    [
        MultiFieldPanel(
            [
                FieldPanel("name", heading=_("Name")),
                FieldPanel("tagline", heading=_("Tagline")),
                FieldPanel("shows_views", heading=_("Show how often posts were read")),
                FieldPanel("accent", heading=_("Accent")),
            ],
            heading=_("The publication"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("language", heading=_("Language")), FieldPanel("time_zone", heading=_("Time zone"))]
                ),
                FieldPanel("also_in", heading=_("Also in")),
            ],
            heading=_("Where and when"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [FieldPanel("digest_hour", heading=_("Hour")), FieldPanel("digest_weekday", heading=_("Weekday"))]
                )
            ],
            heading=_("Digests"),
        ),
        MultiFieldPanel(
            [
                FieldRowPanel(
                    [
                        FieldPanel("sender_name", heading=_("Name of the sender")),
                        FieldPanel("sender_email", heading=_("Address of the sender")),
                    ]
                ),
                FieldPanel("reply_to", heading=_("Replies go to")),
                FieldPanel("address_line", heading=_("Postal address")),
                FieldPanel("unsure_policy", heading=_("When nobody knows whether a mail was taken")),
            ],
            heading=_("Mail to readers"),
        ),
        MultiFieldPanel([FieldPanel("staff_email", heading=_("Address of the staff"))], heading=_("Mail to the staff")),
        MultiFieldPanel(
            [
                FieldRowPanel([FieldPanel("keep_unconfirmed_days"), FieldPanel("keep_left_days")]),
                FieldRowPanel([FieldPanel("keep_details_days"), FieldPanel("keep_ip_days")]),
            ],
            heading=_("What is kept for how many days"),
        ),
        MultiFieldPanel(
            [FieldPanel("record_ip"), FieldPanel("count_clicks")], heading=_("What is recorded of readers")
        ),
    ],
    base_form_class=PublicationForm,
).bind_to_model(Publication)


class PublicationView(generic.EditView):
    """The one publication's settings."""

    model = Publication
    panel = PUBLICATION_PANEL
    page_title = _("Publication")
    header_icon = "globe"
    success_message = _("Saved.")

    def get_object(self, queryset: Any = None) -> Publication:  # noqa: ARG002
        return publication()

    def get_page_subtitle(self) -> str:
        return ""

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    def get_edit_url(self) -> str:
        return reverse("publication:edit")

    get_success_url = get_edit_url

    def get_success_buttons(self) -> list[Any]:
        return []


class PublicationViewSet(PermittedViewSet):
    """The publication's settings."""

    name = "publication"
    permission = "audience.change_publication"
    icon = "globe"
    menu_label = _("Publication")
    menu_order = 10
    add_to_settings_menu = True

    def get_urlpatterns(self) -> list[URLPattern]:
        return [path("", PublicationView.as_view(), name="edit")]
