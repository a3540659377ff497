"""What the staff fill in about readers: checked, and refused in words that say how to mend it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.audience import queries
from tocsin.audience.models import Cadence, Followable
from tocsin.audience.names import BadName, clean_name
from tocsin.audience.upkeep import Newcomer
from tocsin.lib import addresses
from tocsin.lib.addresses import EmailAddress

LONGEST_NOTE = 2000
LONGEST_REASON = 200


class Adding(forms.Form):
    """Somebody who agreed elsewhere: on paper, by telephone, at an event."""

    email = forms.CharField(
        label=gettext_lazy("E-mail address"), strip=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(label=gettext_lazy("Name"), required=False, strip=False)
    follows = forms.ModelMultipleChoiceField(
        Followable.objects.none(),
        label=gettext_lazy("What they follow"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Choose at least one.")},
    )
    cadence = forms.ChoiceField(label=gettext_lazy("How often"), choices=Cadence.choices, widget=forms.RadioSelect)
    consent = forms.CharField(
        label=gettext_lazy("How do you know that they want this?"),
        help_text=gettext_lazy(
            "What they agreed to, when and where. It is kept on record and shown to them on request."
        ),
        widget=forms.Textarea(attrs={"rows": 3}),
        max_length=LONGEST_NOTE,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _offer(self.fields["follows"])
        self.initial = {"follows": [queries.everything().pk], "cadence": Cadence.INSTANT, **self.initial}

    def clean_email(self) -> EmailAddress:
        try:
            return addresses.parse(self.cleaned_data["email"])
        except addresses.BadAddress as error:
            raise ValidationError(f"{error} " + _("Write it like name@example.org.")) from error

    def clean_name(self) -> str:
        try:
            return clean_name(self.cleaned_data["name"])
        except BadName as error:
            raise ValidationError(str(error)) from error

    def newcomer(self) -> Newcomer:
        """Whom to add."""
        given = self.cleaned_data
        return Newcomer(
            email=given["email"],
            name=given["name"],
            choices={followable.pk: given["cadence"] for followable in given["follows"]},
            consent=given["consent"],
            language=queries.publication().language,
        )


class Noting(forms.Form):
    """A note about a reader."""

    text = forms.CharField(
        label=gettext_lazy("Note"), widget=forms.Textarea(attrs={"rows": 2}), max_length=LONGEST_NOTE
    )


class Changing(forms.Form):
    """What a change of readers needs to know; only the fields its verb asks for."""

    why = forms.CharField(
        label=gettext_lazy("Why?"), max_length=LONGEST_REASON, help_text=gettext_lazy("Kept with each of them.")
    )
    followable = forms.ModelChoiceField(Followable.objects.none(), label=gettext_lazy("What"))
    cadence = forms.ChoiceField(label=gettext_lazy("How often"), choices=Cadence.choices)
    sure = forms.CharField(label=gettext_lazy("To be sure, write how many they are"))

    def __init__(self, *args: Any, asks: tuple[str, ...], number: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._number = number
        for name in set(self.fields) - set(asks):
            del self.fields[name]
        if "followable" in self.fields:
            _offer(self.fields["followable"])

    def clean_sure(self) -> str:
        digits = "".join(filter(str.isdecimal, self.cleaned_data["sure"]))
        if digits != str(self._number):
            raise ValidationError(_("They are {number}.").format(number=self._number))
        return digits

    def argument(self) -> dict[str, Any]:
        """What was filled in, as JSON can hold it."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "sure"}
        return {name: value.pk if isinstance(value, Followable) else value for name, value in given.items()}


def _offer(field: Any) -> None:
    """What can be followed now, in the order readers see it."""
    field.queryset = Followable.objects.filter(retired_at=None)
    field.choices = [(followable.pk, followable.name) for followable in queries.choosable()]
