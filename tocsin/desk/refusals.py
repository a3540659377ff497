"""When publishing is refused, the editor reads why, back at the draft, instead of an error page."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from wagtail.admin import messages

from tocsin.desk.publish import CannotTell


class ShowRefusals:
    """Middleware for every way the newsroom has to publish: the editor, bulk actions, workflows."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say why, and go back to the draft. The transaction is already undone."""
        if not isinstance(error, CannotTell):
            return None
        messages.error(request, f"{error.message} {error.mend}")
        return redirect("wagtailadmin_pages:edit", error.post_id)
