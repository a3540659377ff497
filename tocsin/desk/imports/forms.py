"""The forms of an import: the file and the consent, and what somebody says of a file that was recognised wrongly."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from tocsin.audience.exchange import encoding, importing
from tocsin.audience.exchange.columns import Column
from tocsin.audience.exchange.rows import DELIMITERS
from tocsin.audience.exchange.sources import SOURCES
from tocsin.audience.models import Cadence, Import
from tocsin.lib.errors import Refused

NONE: Final = "-"
DELIMITER_NAMES: Final = {
    ",": _("Comma"),
    ";": _("Semicolon"),
    "\t": pgettext_lazy("between the fields of a file", "Tab"),
    "|": _("Vertical bar"),
}
COLUMNS: Final = {
    Column.EMAIL: _("E-mail address"),
    Column.NAME: _("Name"),
    Column.FIRST_NAME: _("First name"),
    Column.LAST_NAME: _("Last name"),
    Column.STATUS: _("Status"),
    Column.TOPICS: _("Topics"),
    Column.CADENCE: _("Pace"),
}
STANDINGS: Final = {
    "subscribed": _("Everybody is subscribed"),
    "unsubscribed": _("Everybody has unsubscribed"),
    "bounced": _("All addresses bounced"),
    "complained": _("Everybody complained"),
    "blocked": _("Nobody may be written to"),
}


class FileForm(forms.Form):
    """A file, and how the people in it agreed."""

    file = forms.FileField(
        label=_("File"), help_text=_("CSV, as another program exports it or a spreadsheet saves it. Up to 256 MB.")
    )
    consent = forms.CharField(
        label=_("How did these people agree to be written to?"),
        max_length=importing.LONGEST_CONSENT,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("In your words. It goes on record with every one of them."),
    )

    def clean_consent(self) -> str:
        """One printable line that says something."""
        try:
            return importing.stated(self.cleaned_data["consent"])
        except Refused as refused:
            raise forms.ValidationError(refused.message) from refused


class ChoicesForm(forms.Form):
    """What a file is, where it was recognised wrongly, and what holds for rows that do not say."""

    source = forms.ChoiceField(label=_("Written by"), required=False)
    encoding = forms.ChoiceField(label=_("Letters"), required=False, help_text=_("If names look wrong below."))
    delimiter = forms.ChoiceField(label=_("Between fields"), required=False)
    standing = forms.ChoiceField(
        label=_("Where they stand"),
        required=False,
        choices=[("", _("As the file says")), *STANDINGS.items()],
        help_text=_("For lists of people who must not be written to."),
    )
    topics = forms.CharField(
        label=_("Topics"), required=False, help_text=_("For rows that name none: slugs joined by |. Empty: everything.")
    )
    cadence = forms.ChoiceField(
        label=_("Pace"), required=False, choices=Cadence.choices, help_text=_("For rows that name none.")
    )

    def __init__(self, job: Import, data: QueryDict | None = None) -> None:
        """`job` was checked: what was recognised is what the fields show first."""
        said = job.choices
        kept = {name: said.get(name, "") for name in ("source", "encoding", "delimiter", "standing", "topics")}
        super().__init__(data, initial={**kept, "cadence": said.get("cadence") or Cadence.INSTANT})
        as_recognised = ("", _("As recognised"))
        self._fields_of("source", [as_recognised, *((key, source.name) for key, source in SOURCES.items())])
        self._fields_of("encoding", [as_recognised, *encoding.NAMES.items()])
        self._fields_of("delimiter", [as_recognised, *((mark, DELIMITER_NAMES[mark]) for mark in DELIMITERS)])
        headings = [(heading, heading) for heading in job.form.get("headings", []) if heading]
        here = {meaning.replace(" ", "_"): heading for heading, meaning in job.form.get("meanings", [])}
        for column, label in COLUMNS.items():
            self.fields[_name(column)] = forms.ChoiceField(
                label=label,
                required=False,
                choices=[(NONE, _("No column")), *headings],
                initial=here.get(column.value, NONE),
            )

    def _fields_of(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined]

    @property
    def columns(self) -> list[forms.BoundField]:
        """The fields that say which column is which."""
        return [self[_name(column)] for column in COLUMNS]

    @property
    def others(self) -> list[forms.BoundField]:
        """The other fields."""
        return [self[name] for name in ("source", "encoding", "delimiter", "standing", "topics", "cadence")]

    def said(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the next check is told: what was said before, and what was changed now."""
        data = self.cleaned_data
        columns = dict(before.get("columns", {}))
        if data["source"] != before.get("source", ""):
            columns = {}
        for column in COLUMNS:
            heading = data[_name(column)]
            if heading and _name(column) in self.changed_data:
                columns[column.value] = "" if heading == NONE else heading
        plain = {name: data[name] for name in ("source", "encoding", "delimiter", "standing", "topics", "cadence")}
        return {**plain, "columns": columns}


def _name(column: Column) -> str:
    return f"column_{column.value}"
