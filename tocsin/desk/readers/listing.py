"""The list of readers: searched, filtered, and from there on to one of them or to a change of all that were found."""

from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from wagtail.admin.filters import DateRangePickerWidget, WagtailFilterSet
from wagtail.admin.ui.tables import Column, DateColumn, TitleColumn
from wagtail.admin.views import generic
from wagtail.admin.widgets.button import Button, HeaderButton

from tocsin.audience import queries, selection
from tocsin.audience.models import Address, Cadence, Subscriber, Subscription
from tocsin.audience.selection import Selection, Standing

NAMED_AT_MOST = 3


class ReadersFilters(WagtailFilterSet):
    """What readers can be looked for by. `selection.select` does the looking."""

    standing = django_filters.ChoiceFilter(
        label=gettext_lazy("Where they stand"),
        choices=Standing.choices,
        widget=forms.RadioSelect,
        empty_label=gettext_lazy("All"),
    )
    followable = django_filters.ModelChoiceFilter(
        label=gettext_lazy("What they follow"), queryset=lambda _: queries.followed()
    )
    cadence = django_filters.ChoiceFilter(
        label=gettext_lazy("How often"),
        choices=Cadence.choices,
        widget=forms.RadioSelect,
        empty_label=gettext_lazy("All"),
    )
    source = django_filters.ChoiceFilter(
        label=gettext_lazy("Where they came from"), choices=lambda: [(source, source) for source in selection.sources()]
    )
    joined = django_filters.DateFromToRangeFilter(label=gettext_lazy("Since when"), widget=DateRangePickerWidget)

    class Meta:
        model = Subscriber
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        """Leave it to the view, which adds what was searched for."""
        return queryset


def selection_of(request: HttpRequest, data: QueryDict | None = None) -> Selection:
    """What a list's address (or a form that kept it) looks for; what makes no sense there looks for nothing."""
    given = request.GET if data is None else data
    filters = ReadersFilters(given, request=request)
    found = filters.form.cleaned_data if filters.is_valid() else {}
    joined = found.get("joined")
    return Selection(
        search="".join(filter(str.isprintable, given.get("q", ""))).strip(),
        standing=found.get("standing") or "",
        followable=found["followable"].pk if found.get("followable") else None,
        cadence=found.get("cadence") or "",
        source=found.get("source") or "",
        joined_from=joined.start.date() if joined and joined.start else None,
        joined_until=joined.stop.date() if joined and joined.stop else None,
    )


def query_of(request: HttpRequest) -> str:
    """The part of a list's address that says what is looked for."""
    query = request.GET.copy()
    for name in ("p", "ordering", "_w_filter_fragment"):
        query.pop(name, None)
    return query.urlencode()


def address_of(reader: Subscriber) -> str:
    """Their mail address; nobody is without one for long."""
    addresses: list[Address] = list(reader.addresses.all())
    return addresses[0].value if addresses else ""


def stands(reader: Subscriber) -> str:
    """Where a reader of the list stands, and whether their mailbox is one of those that are thrown away."""
    standing = selection.standing_of(reader, suppressed=getattr(reader, "is_suppressed", False)).label
    thrown_away = any(address.is_disposable for address in reader.addresses.all())
    return _("{standing}, with a throw-away mailbox").format(standing=standing) if thrown_away else str(standing)


def follows(reader: Subscriber) -> str:
    """What a reader follows, in short."""
    chosen = list(reader.subscriptions.all())
    named = [f"{one.followable.name} ({one.get_cadence_display().lower()})" for one in chosen[:NAMED_AT_MOST]]
    more = len(chosen) - NAMED_AT_MOST
    return ", ".join(named) + (ngettext(" and {n} more", " and {n} more", more).format(n=more) if more > 0 else "")


class ReadersView(generic.IndexView):
    """Everybody who ever asked, the newest first."""

    model = Subscriber
    any_permission_required = ["view"]
    page_title = gettext_lazy("Readers")
    header_icon = "group"
    index_url_name = "readers:index"
    index_results_url_name = "readers:results"
    add_url_name = "readers:add"
    add_item_label = gettext_lazy("Add a reader")
    verbose_name_plural = gettext_lazy("readers")
    filterset_class = ReadersFilters
    is_searchable = True
    default_ordering = "-created_at"
    show_export_buttons = False
    paginate_by = 50
    columns = [
        TitleColumn(
            "address",
            label=gettext_lazy("Reader"),
            accessor=address_of,
            get_url=lambda reader: reverse("readers:one", args=[reader.pk]),
        ),
        Column("name", label=gettext_lazy("Name"), accessor="name"),
        Column("standing", label=gettext_lazy("Stands"), accessor=stands),
        Column("follows", label=gettext_lazy("Follows"), accessor=follows),
        Column("source", label=gettext_lazy("From"), accessor="source"),
        DateColumn("created_at", label=gettext_lazy("Since"), sort_key="created_at"),
    ]

    @cached_property
    def selection(self) -> Selection:
        """What this list shows."""
        return selection_of(self.request)

    def get_base_queryset(self) -> QuerySet[Subscriber]:
        chosen = Subscription.objects.select_related("followable").order_by("pk")
        return (
            selection.select(self.selection)
            .annotate(is_suppressed=selection.suppressed())
            .prefetch_related("addresses", Prefetch("subscriptions", chosen))
        )

    def search_queryset(self, queryset: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        return queryset

    def order_queryset(self, queryset: QuerySet[Subscriber]) -> QuerySet[Subscriber]:
        return queryset.order_by(self.ordering, "-pk" if self.ordering.startswith("-") else "pk")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        return [*self.breadcrumbs_items, {"url": "", "label": self.page_title}]

    @cached_property
    def header_buttons(self) -> list[Any]:
        buttons = super().header_buttons
        return [*buttons, self._change_button()] if self.user_has_permission("change") else buttons

    @cached_property
    def header_more_buttons(self) -> list[Any]:
        found = [Button(_("Growth"), url=reverse("readers:growth"), icon_name="order-up")]
        if self.request.user.has_perm("audience.add_import"):
            found.append(Button(_("Import"), url=reverse("imports:index"), icon_name="upload"))
        if self.request.user.has_perm("audience.export_subscriber"):
            found.append(Button(_("Export"), url=reverse("readers:export"), icon_name="download"))
        return found

    def _change_button(self) -> HeaderButton:
        number = self.get_queryset().count()
        words = ngettext("Change this {number} reader…", "Change these {number} readers…", number)
        url = f"{reverse('readers:change')}?{query_of(self.request)}"
        return HeaderButton(words.format(number=number_format(number, force_grouping=True)), url=url, icon_name="cogs")
