"""What readers fill in: checked, cleaned, and refused in words that say how to mend it."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.audience import queries
from tocsin.audience.models import Cadence, Followable
from tocsin.audience.names import BadName, clean_name
from tocsin.lib import addresses
from tocsin.lib.addresses import BadAddress, EmailAddress
from tocsin.web.readers import rhythm
from tocsin.web.readers.rhythm import Option

PACES = list(Cadence.choices)
REFUSALS = {
    BadAddress.Why.MISSING: gettext_lazy("No e-mail address was given."),
    BadAddress.Why.TOO_LONG: gettext_lazy("This is too long to be an e-mail address."),
    BadAddress.Why.CONTROLS: gettext_lazy("An e-mail address cannot contain line breaks or control characters."),
    BadAddress.Why.NO_AT: gettext_lazy("This is not a valid e-mail address. It must have an @-sign."),
    BadAddress.Why.INVALID: gettext_lazy("This is not a valid e-mail address."),
}


def _topics() -> list[tuple[str, str]]:
    topics = Followable.objects.filter(kind=Followable.Kind.TOPIC, retired_at=None).order_by("name")
    return list(topics.values_list("slug", "name"))


class Subscribing(forms.Form):
    """The Stay informed form. No topics means everything; no pace means as it happens."""

    name = forms.CharField(required=False, strip=False)
    email = forms.CharField(required=False, strip=False)
    website = forms.CharField(required=False)
    topics = forms.MultipleChoiceField(
        choices=_topics,
        required=False,
        error_messages={
            "invalid_choice": gettext_lazy("One of these topics does not exist (any more). Please choose again.")
        },
    )
    cadence = forms.ChoiceField(
        choices=PACES,
        required=False,
        error_messages={"invalid_choice": gettext_lazy("This pace does not exist. Please choose one of the list.")},
    )

    @property
    def is_trap_sprung(self) -> bool:
        """Whether a machine filled in the field that people do not see."""
        return bool(self.data.get("website"))

    @property
    def wants_to_choose(self) -> bool:
        """Whether topics or a pace were chosen before."""
        return bool(self["topics"].value() or self["cadence"].value())

    def topic_options(self) -> list[Option]:
        """The topics, each with the mails it would mean as it happens."""
        chosen = self["topics"].value() or []
        topics = Followable.objects.filter(kind=Followable.Kind.TOPIC, retired_at=None).order_by("name")
        before = rhythm.past()
        return [
            Option(
                each.slug,
                each.name,
                rhythm.in_words({each.pk: Cadence.INSTANT}, alerts=False, before=before),
                each.slug in chosen,
            )
            for each in topics
        ]

    def pace_options(self) -> list[Option]:
        """The paces, each with the mails that everything would mean: news, or alerts if that is all."""
        chosen, everything = self["cadence"].value() or Cadence.INSTANT, queries.everything().pk
        return [
            Option(
                pace.value,
                str(pace.label),
                rhythm.in_words({everything: pace}, alerts=pace == Cadence.ALERTS),
                pace.value == chosen,
            )
            for pace in Cadence
        ]

    def clean_email(self) -> EmailAddress:
        try:
            return addresses.parse(self.cleaned_data["email"])
        except BadAddress as error:
            raise ValidationError(_refusal(error)) from error

    def clean_name(self) -> str:
        return name_of(self.cleaned_data["name"])

    def choices(self) -> dict[int, str]:
        """What is asked for: followable id -> cadence."""
        slugs = self.cleaned_data["topics"]
        kind = Followable.Kind.TOPIC if slugs else Followable.Kind.EVERYTHING
        wanted = Followable.objects.filter(kind=kind, slug__in=slugs or [""])
        return dict.fromkeys(wanted.values_list("pk", flat=True), self.cleaned_data["cadence"] or Cadence.INSTANT)


def name_of(text: str) -> str:
    """A name as somebody wrote it, cleaned. Raises ValidationError in words for them."""
    try:
        return clean_name(text)
    except BadName as error:
        raise ValidationError(str(error)) from error


def _refusal(error: BadAddress) -> str:
    """Why an address cannot be taken, in the reader's language."""
    return " ".join((str(REFUSALS[error.why]), _("Write it like name@example.org.")))
