"""What readers fill in: checked, cleaned, and refused in words that say how to mend it."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.audience.models import Cadence, Followable, Publication
from tocsin.audience.names import BadName, clean_name
from tocsin.content import phrases
from tocsin.lib import addresses
from tocsin.lib.addresses import BadAddress, EmailAddress

LONGEST_PAUSE = timedelta(days=366)
NOTHING = ""
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

    def clean_email(self) -> EmailAddress:
        try:
            return addresses.parse(self.cleaned_data["email"])
        except BadAddress as error:
            raise ValidationError(_refusal(error)) from error

    def clean_name(self) -> str:
        return _name(self.cleaned_data["name"])

    def choices(self) -> dict[int, str]:
        """What is asked for: followable id -> cadence."""
        slugs = self.cleaned_data["topics"]
        kind = Followable.Kind.TOPIC if slugs else Followable.Kind.EVERYTHING
        wanted = Followable.objects.filter(kind=kind, slug__in=slugs or [""])
        return dict.fromkeys(wanted.values_list("pk", flat=True), self.cleaned_data["cadence"] or Cadence.INSTANT)


class Preferences(forms.Form):
    """What a reader gets: a pace, or nothing, for each thing that can be followed. What is not sent stays as it is."""

    name = forms.CharField(required=False, strip=False)

    def __init__(
        self, data: Mapping[str, Any] | None, *, menu: list[Followable], chosen: Mapping[int, str], name: str
    ) -> None:
        super().__init__(data, initial={"name": name})
        self._menu = menu
        self._chosen = chosen
        for followable in menu:
            self.fields[_field(followable)] = forms.ChoiceField(
                label=followable.name,
                choices=[(NOTHING, _("Nothing")), *PACES],
                required=False,
                initial=chosen.get(followable.pk, NOTHING),
                error_messages={
                    "invalid_choice": gettext_lazy("This pace does not exist. Please choose one of the list.")
                },
            )

    def clean_name(self) -> str:
        return _name(self.cleaned_data["name"] if "name" in self.data else self.initial["name"])

    def choices(self) -> dict[int, str]:
        """What is asked for: followable id -> cadence."""
        sent = {
            followable.pk: self.cleaned_data[_field(followable)]
            for followable in self._menu
            if _field(followable) in self.data
        }
        return {followable: pace for followable, pace in {**self._chosen, **sent}.items() if pace != NOTHING}

    def rows(self, kind: str) -> list[forms.BoundField]:
        """The fields of one kind of followable."""
        return [self[_field(followable)] for followable in self._menu if followable.kind == kind]


class Pausing(forms.Form):
    """Until which day to be left alone."""

    until = forms.DateField(
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": gettext_lazy("Choose a day."),
            "invalid": gettext_lazy("Write the day as year-month-day, like 2027-01-15."),
        },
    )

    def __init__(self, data: Mapping[str, Any] | None, publication: Publication) -> None:
        super().__init__(data)
        self._zone = publication.zone

    @property
    def first_day(self) -> date:
        """Tomorrow, where the publication is."""
        return timezone.now().astimezone(self._zone).date() + timedelta(days=1)

    @property
    def last_day(self) -> date:
        """The longest pause."""
        return self.first_day + LONGEST_PAUSE

    def clean_until(self) -> date:
        day: date = self.cleaned_data["until"]
        if not self.first_day <= day <= self.last_day:
            allowed = {"first": phrases.day(self.first_day), "last": phrases.day(self.last_day)}
            raise ValidationError(_("Choose a day from {first} to {last}.").format(**allowed))
        return day

    def moment(self) -> datetime:
        """When the chosen day begins, where the publication is."""
        return datetime.combine(self.cleaned_data["until"], time(), tzinfo=self._zone)


def _name(text: str) -> str:
    try:
        return clean_name(text)
    except BadName as error:
        raise ValidationError(str(error)) from error


def _refusal(error: BadAddress) -> str:
    """Why an address cannot be taken, in the reader's language."""
    return " ".join((str(REFUSALS[error.why]), _("Write it like name@example.org.")))


def _field(followable: Followable) -> str:
    return f"follow-{followable.pk}"
