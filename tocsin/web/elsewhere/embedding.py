"""The form on other people's pages: the HTML to paste there, and the door it leads to.

Posts come from anywhere: no Origin is checked and no token asked for. What protects people is what protects them at our
own form: limits, traps, and that nothing counts until its mail is confirmed.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils.translation import override
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from tocsin.audience import queries as audience
from tocsin.audience import wordings
from tocsin.web.elsewhere import queries
from tocsin.web.readers import asking
from tocsin.web.readers.notices import SeeOther

DOOR: Final = "/subscribe/elsewhere/"
LONGEST_URL: Final = 1_000
LONGEST_SOURCE: Final = 40


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """What the form is sent to. Who opens the address itself gets our own form."""
    if request.method != "POST":
        return SeeOther("/subscribe/")
    back = _way_back(request)
    return asking.ask(request, _source(request, back), back)


def snippet(site_url: str) -> str:
    """The HTML to paste. It needs no script, and looks like the page it stands on."""
    publication = audience.publication()
    with override(publication.language):  # not the editor's: what is agreed to goes on record in this one
        context = {
            "action": site_url + DOOR,
            "publication": publication.name,
            "language": publication.language,
            "consent": wordings.subscribing(publication.name),
        }
        return render_to_string("elsewhere/snippet.html", context).strip()


def _way_back(request: HttpRequest) -> str:
    """Where the reader came from, if that is a friendly site."""
    claims = (request.POST.get("back", ""), request.headers.get("Referer", ""), request.headers.get("Origin", ""))
    return next((url for url in map(queries.way_back, (claim[:LONGEST_URL] for claim in claims)) if url), "")


def _source(request: HttpRequest, back: str) -> str:
    """What goes on record as the place of the form: as the browser says it, which proves nothing."""
    origin = queries.origin_of(back) or queries.origin_of(request.headers.get("Origin", ""))
    return f"form on {origin.partition('://')[2] or 'another site'}"[:LONGEST_SOURCE]
