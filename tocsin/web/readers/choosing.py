"""What a reader chooses on their own page: paces, hours, a break. Checked, and refused in words that say how to mend it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from tocsin.audience import pace
from tocsin.audience.models import Cadence, Followable, Publication, Subscriber, Weekday
from tocsin.content import phrases
from tocsin.lib.errors import Refused
from tocsin.lib.timezones import current_names
from tocsin.web import languages
from tocsin.web.readers import rhythm
from tocsin.web.readers.forms import name_of
from tocsin.web.readers.rhythm import Option

LONGEST_PAUSE: Final = timedelta(days=366)
NOTHING: Final = ""
USUAL: Final = ""
"""What is chosen where the publication's own hour, day or time zone is followed."""
HEADINGS: Final = {
    Followable.Kind.EVERYTHING: "",
    Followable.Kind.TOPIC: gettext_lazy("Topics"),
    Followable.Kind.AUTHOR: gettext_lazy("Authors"),
}
NO_SUCH_PACE = gettext_lazy("This pace does not exist. Please choose one of the list.")
NO_SUCH_CHOICE = gettext_lazy("Please choose one of the list.")
HOURS = [(str(hour), f"{hour:02}:00") for hour in range(24)]


@dataclass(frozen=True)
class Row:
    """One thing that can be followed."""

    name: str
    field: str
    options: list[Option]
    errors: list[str]


@dataclass(frozen=True)
class Group:
    """The things of one kind. `is_folded`: nobody needs to see them at first."""

    heading: str
    rows: list[Row]
    is_folded: bool


class Preferences(forms.Form):
    """What a reader gets, and when. What is not sent stays as it is; `when`: the form had the fields on hours too."""

    name = forms.CharField(required=False, strip=False)
    when = forms.CharField(required=False)
    alerts = forms.BooleanField(required=False)
    counted = forms.BooleanField(required=False)

    def __init__(
        self,
        data: Mapping[str, Any] | None,
        *,
        menu: list[Followable],
        chosen: Mapping[int, str],
        subscriber: Subscriber,
        publication: Publication,
    ) -> None:
        super().__init__(data, initial=_present(subscriber))
        self._menu, self._chosen, self._past = menu, chosen, rhythm.past()
        for followable in menu:
            self.fields[_field(followable)] = _choice(_paces(), NO_SUCH_PACE)
            self.initial[_field(followable)] = chosen.get(followable.pk, NOTHING)
        hour, day = f"{publication.digest_hour:02}:00", Weekday(publication.digest_weekday).label
        usual, none = _("{choice} (usual)"), _("None")
        self.fields["digest_hour"] = _choice([(USUAL, usual.format(choice=hour)), *HOURS])
        self.fields["digest_weekday"] = _choice([(USUAL, usual.format(choice=day)), *_texts(Weekday.choices)])
        self.fields["quiet_from"] = _choice([(USUAL, none), *HOURS])
        self.fields["quiet_until"] = _choice([(USUAL, none), *HOURS])
        city = usual.format(choice=_city(publication.time_zone))
        self.fields["time_zone"] = _choice([(USUAL, city), *zones(subscriber.time_zone)])
        if len(offered := languages.offered(subscriber.language)) > 1:
            self.fields["language"] = _choice(offered)
            self.initial["language"] = languages.understood(subscriber.language)

    def clean_name(self) -> str:
        return name_of(self.cleaned_data["name"] if "name" in self.data else self.initial["name"])

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.has_hours and not self.errors:
            try:
                pace.require(**self._numbers(), time_zone=cleaned["time_zone"])
            except (
                Refused
            ) as error:  # each field alone is one of its list: what cannot be is quiet hours beside the others
                raise ValidationError({"quiet_from": f"{error.message} {error.mend}"}) from error
        return cleaned

    @property
    def has_hours(self) -> bool:
        """Whether the fields on hours, alerts and counting were on the form that was sent."""
        return bool(self.data.get("when"))

    def choices(self) -> dict[int, str]:
        """What is asked for: followable id -> cadence."""
        sent = {each.pk: self.cleaned_data[_field(each)] for each in self._menu if _field(each) in self.data}
        return {followable: chosen for followable, chosen in {**self._chosen, **sent}.items() if chosen != NOTHING}

    def hours(self) -> dict[str, Any]:
        """What `actions.set_pace` takes."""
        return {
            **self._numbers(),
            "alerts": self.cleaned_data["alerts"],
            "time_zone": self.cleaned_data["time_zone"],
        }

    def chosen_language(self) -> str:
        """The language that was chosen; empty if none was to be."""
        return str(self.cleaned_data.get("language") or "")

    def groups(self) -> Iterator[Group]:
        """What can be followed. Authors are folded while none is."""
        for kind, heading in HEADINGS.items():
            if rows := list(self._rows(kind)):
                plain = all(row.options[0].is_chosen and not row.errors for row in rows)
                yield Group(str(heading), rows, plain and kind == Followable.Kind.AUTHOR)

    def _rows(self, kind: str) -> Iterator[Row]:
        for followable in self._menu:
            if followable.kind == kind:
                field = self[_field(followable)]
                yield Row(
                    followable.name if kind != Followable.Kind.EVERYTHING else _("Everything that is published"),
                    field.html_name,
                    [
                        Option(value, label, self._means(followable.pk, value), str(field.value() or NOTHING) == value)
                        for value, label in _paces()
                    ],
                    list(map(str, field.errors)),
                )

    def _means(self, followable: int, cadence: str) -> str:
        # Alerts come whatever is followed, so they are no reason to choose one pace rather than another.
        if cadence in {NOTHING, Cadence.ALERTS}:
            return ""
        return rhythm.in_words({followable: cadence}, alerts=False, before=self._past)

    def _numbers(self) -> dict[str, int | None]:
        names = ("digest_hour", "digest_weekday", "quiet_from", "quiet_until")
        return {name: int(self.cleaned_data[name]) if self.cleaned_data[name] else None for name in names}


class Pausing(forms.Form):
    """Until which day to be left alone."""

    until = forms.DateField(
        input_formats=["%Y-%m-%d"],
        error_messages={
            "required": gettext_lazy("Choose a day."),
            "invalid": gettext_lazy("Write the day as year-month-day, like 2027-01-15."),
        },
    )

    def __init__(self, data: Mapping[str, Any] | None, zone: ZoneInfo) -> None:
        super().__init__(data)
        self._zone = zone

    @property
    def first_day(self) -> date:
        """Tomorrow, where the reader is."""
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
        """When the chosen day begins, where the reader is."""
        return datetime.combine(self.cleaned_data["until"], time(), tzinfo=self._zone)


@lru_cache(64)
def zones(chosen: str = USUAL) -> list[tuple[str, list[tuple[str, str]]]]:
    """The time zones of the world by continent, each by its city, and the one that is `chosen`, whatever it is called.

    Their names are not translated anywhere.
    """
    names = sorted({*current_names(), chosen} - {USUAL})
    grouped = groupby(names, key=lambda name: name.partition("/")[0])
    return [(continent, [(name, _city(name)) for name in theirs]) for continent, theirs in grouped]


def _paces() -> list[tuple[str, str]]:
    return [(NOTHING, _("Nothing")), *_texts(Cadence.choices)]


def _city(zone: str) -> str:
    """`America/Argentina/Buenos_Aires` as `Buenos Aires (Argentina)`."""
    _continent, *region, city = ["", *zone.replace("_", " ").split("/")][-3:]
    return f"{city} ({region[-1]})" if region and zone.count("/") > 1 else city


def _present(subscriber: Subscriber) -> dict[str, Any]:
    """What the form shows at first."""
    names = ("digest_hour", "digest_weekday", "quiet_from", "quiet_until")
    numbers = {name: getattr(subscriber, name) for name in names}
    return {
        **{name: USUAL if number is None else str(number) for name, number in numbers.items()},
        "name": subscriber.name,
        "alerts": subscriber.alerts,
        "counted": not subscriber.uncounted,
        "time_zone": subscriber.time_zone,
    }


def _choice(choices: Any, refusal: Any = NO_SUCH_CHOICE) -> forms.ChoiceField:
    return forms.ChoiceField(choices=choices, required=False, error_messages={"invalid_choice": refusal})


def _texts(choices: Any) -> list[tuple[str, str]]:
    return [(str(value), str(label)) for value, label in choices]


def _field(followable: Followable) -> str:
    return f"follow-{followable.pk}"
