"""The newsroom's front page: what needs a person, the last tellings, and the numbers that matter."""

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.translation import ngettext
from wagtail.admin.site_summary import SummaryItem
from wagtail.admin.ui.components import Component

from tocsin.content.models import PostPage
from tocsin.desk import queries, watchdog

LAST = 5


class NeedsAPerson(Component):
    """What is wrong right now; nothing at all while all is well."""

    order = 10
    template_name = "desk/home/needs_a_person.html"

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:  # noqa: ARG002
        return {"findings": list(watchdog.findings().values())}


class LastTellings(Component):
    """Who was told what lately."""

    order = 20
    template_name = "desk/home/last_tellings.html"

    def get_context_data(self, parent_context: Any = None) -> dict[str, Any]:  # noqa: ARG002
        return {"tellings": [queries.telling(dispatch) for dispatch in queries.tellings()[:LAST]]}


class Posts(SummaryItem):
    """How many posts are live."""

    order = 10
    template_name = "desk/home/number.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:  # noqa: ARG002
        number = PostPage.objects.live().count()
        words = ngettext("{number} post", "{number} posts", number).format(number=intcomma(number))
        return {"words": words, "icon": "doc-full", "url": reverse("content_postpage:index")}


class Readers(SummaryItem):
    """How many people can be told."""

    order = 20
    template_name = "desk/home/number.html"

    def get_context_data(self, parent_context: Any) -> dict[str, Any]:  # noqa: ARG002
        number = queries.subscribers()
        words = ngettext("{number} reader", "{number} readers", number).format(number=intcomma(number))
        may_look = self.request.user.has_perm("audience.view_subscriber")
        return {"words": words, "icon": "group", "url": reverse("readers:index") if may_look else ""}
