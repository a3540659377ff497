"""A counted link of a mail: one more, and on to where it leads. Nothing is asked or noted of who follows it."""

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe

from tocsin.audience.queries import publication
from tocsin.courier import counting


@require_safe
def go(request: HttpRequest, key: str) -> HttpResponse:
    """Where the link leads. Counted unless only asked about (HEAD), or the publication does not count any more."""
    url = counting.destination(key)
    if url is None:
        raise Http404
    if request.method == "GET" and publication().count_clicks:
        counting.followed(key)
    response = HttpResponseRedirect(url)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
