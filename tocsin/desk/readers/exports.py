"""Taking readers away as a CSV file, and the log of who did.

The file leaves while it is read, some thousand people at a time: no query stays open while a slow network takes it.
"""

import codecs
from collections.abc import Iterator
from typing import Any

from django import forms
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext_lazy

from tocsin.audience import queries
from tocsin.audience.exchange import exporting, exports, wishes
from tocsin.audience.models import Export
from tocsin.desk.readers.views import Screen, who

LISTED = 100
WHOM = {
    exporting.Status.SUBSCRIBED: gettext_lazy("Who is subscribed and may be written to"),
    exporting.Status.UNCONFIRMED: gettext_lazy("Who never confirmed"),
    exporting.Status.UNSUBSCRIBED: gettext_lazy("Who unsubscribed"),
    exporting.Status.BOUNCED: gettext_lazy("Whose mailbox does not exist"),
    exporting.Status.COMPLAINED: gettext_lazy("Who reported spam"),
    exporting.Status.BLOCKED: gettext_lazy("Whom the staff do not write to"),
    exporting.Status.ALL: gettext_lazy("Everybody"),
}


class Exporting(forms.Form):
    """Who is wanted, and how much about them."""

    status = forms.ChoiceField(
        label=gettext_lazy("Who"),
        choices=[(status.value, words) for status, words in WHOM.items()],
        help_text=gettext_lazy("What you searched the list for does not count here."),
    )
    topic = forms.ChoiceField(label=gettext_lazy("What they follow"), required=False)
    full = forms.BooleanField(
        label=gettext_lazy("With status, language, hours, breaks and the consent on record"), required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["topic"]
        menu = [(wishes.token(followable), followable.name) for followable in queries.choosable()]
        field.choices = [("", gettext_lazy("whatever it is")), *menu]

    def wanted(self) -> exporting.Filter:
        """What was filled in."""
        given = self.cleaned_data
        return exporting.Filter(exporting.Status(given["status"]), given["topic"], given["full"])


class ExportView(Screen):
    """Asks whom to export; below that, every export there was."""

    permission_required = "audience.export_subscriber"
    template_name = "desk/readers/export.html"
    title = gettext_lazy("Export")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        log = Export.objects.order_by("-pk")[:LISTED]
        return super().get_context_data(**{"form": Exporting(), "log": log, **kwargs})

    def post(self, request: HttpRequest, *_args: Any, **_kwargs: Any) -> HttpResponseBase:
        """Hand the file over. It is on record before."""
        form = Exporting(request.POST)
        if not form.is_valid():
            return self.render_to_response(self.get_context_data(form=form))
        name = f"readers-{timezone.localdate():%Y-%m-%d}.csv"
        file = streamed(form.wanted(), by=who(request))
        response = StreamingHttpResponse(file, content_type="text/csv; charset=utf-8")
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        return response


def streamed(wanted: exporting.Filter, by: str) -> Iterator[bytes]:
    """The file, piece by piece. Closed before its end it is on record as cut off."""
    with exports.logged(wanted, by) as rows:
        yield codecs.BOM_UTF8  # spreadsheets take UTF-8 by its mark only
        for piece in exporting.pieces(rows, wanted.columns):
            yield piece.encode()
