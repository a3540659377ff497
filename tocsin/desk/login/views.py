"""Signing in, in one step or two, and the pages where somebody switches the second step on and off."""

from typing import Any, cast

from allauth.mfa.adapter import get_adapter
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import BACKEND_SESSION_KEY, login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.generic import FormView
from wagtail.admin.views.account import LoginView
from wagtail.admin.views.generic import WagtailAdminTemplateMixin

from tocsin.desk.login import codes, waiting
from tocsin.desk.login.backends import PasswordAndCode
from tocsin.desk.login.forms import CodeForm, SwitchOnForm
from tocsin.desk.models import User

SECRET = "tocsin.login.secret"  # noqa: S105 - the name of a session key


class Login(LoginView):
    """Wagtail's login page. Who has two-step login on is sent to the second step instead of being let in."""

    def form_valid(self, form: Any) -> HttpResponse:
        user = form.get_user()
        if not codes.is_on(user):
            let_in: HttpResponse = super().form_valid(form)
            return let_in
        waiting.begin(
            self.request, user, next_url=self.get_success_url(), remember=bool(form.cleaned_data.get("remember"))
        )
        return redirect("desk_login_code")


@never_cache
@sensitive_post_parameters("code")
def second_step(request: HttpRequest) -> HttpResponse:
    """Ask for the code; only the right one makes a session."""
    here = waiting.current(request)
    user = here.user() if here else None
    if here is None or user is None:
        messages.error(request, _("Please sign in again."))
        return redirect("wagtailadmin_login")
    form = CodeForm(user, request.POST if request.method == "POST" else None)
    if not form.is_valid():
        return render(request, "desk/login/code.html", {"form": form})
    del request.session[waiting.KEY]
    login(request, user, backend=PasswordAndCode.PATH)
    request.session.set_expiry(settings.SESSION_COOKIE_AGE if here.remember else 0)
    return redirect(here.next_url)


@method_decorator(sensitive_post_parameters(), name="dispatch")
class _AccountPage(WagtailAdminTemplateMixin, FormView):  # type: ignore[type-arg]
    """A page below the account's, shown while two-step login is on or while it is off."""

    page_title = gettext_lazy("Two-step login")
    header_icon = "lock"
    while_on: bool

    @property
    def user(self) -> User:
        """Wagtail let nobody come here who does not work here."""
        return cast("User", self.request.user)

    @property
    def given(self) -> QueryDict | None:
        """What was posted, if anything was."""
        return self.request.POST if self.request.method == "POST" else None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if codes.is_on(self.user) is not self.while_on:
            return redirect("desk_two_step_on" if self.while_on else "desk_two_step_off")
        return super().dispatch(request, *args, **kwargs)

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        account = {"url": reverse("wagtailadmin_account"), "label": _("Account")}
        return [*super().get_breadcrumbs_items(), account, {"url": "", "label": self.page_title}]


class SwitchOn(_AccountPage):
    """Show a secret to the app, see that it understood, and show the recovery codes, once."""

    template_name = "desk/login/switch_on.html"
    while_on = False

    def get_form(self, form_class: Any = None) -> forms.Form:  # noqa: ARG002 - Django's signature
        return SwitchOnForm(self.request, self._secret(), self.given)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        secret = self._secret()
        spaced = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
        url = get_adapter().build_totp_url(self.user, secret)
        return super().get_context_data(**kwargs) | {"secret": spaced, "picture": qr_code(url), "url": url}

    def form_valid(self, form: Any) -> HttpResponse:
        recovery_codes = codes.switch_on(self.user, self._secret(), form.counter)
        del self.request.session[SECRET]
        self.request.session.cycle_key()
        self.request.session[BACKEND_SESSION_KEY] = PasswordAndCode.PATH
        context = super().get_context_data(form=form, recovery_codes=recovery_codes)
        return render(self.request, "desk/login/recovery_codes.html", context)

    def _secret(self) -> str:
        """Stays the same until it is switched on, so that a page loaded anew fits what the app was shown."""
        session, adapter = self.request.session, get_adapter()
        if SECRET not in session:
            session[SECRET] = adapter.encrypt(codes.new_secret())
        return str(adapter.decrypt(session[SECRET]))


class SwitchOff(_AccountPage):
    """Say that it is on; switch it off for a code."""

    template_name = "desk/login/switch_off.html"
    while_on = True

    def get_form(self, form_class: Any = None) -> forms.Form:  # noqa: ARG002 - Django's signature
        return CodeForm(self.user, self.given)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"left": codes.recovery_codes_left(self.user)}

    def form_valid(self, form: Any) -> HttpResponse:  # noqa: ARG002 - its code was used up while it was validated
        codes.switch_off(self.user)
        messages.success(self.request, _("Two-step login is off. Your password alone lets you in."))
        return redirect("wagtailadmin_account")


def qr_code(text: str) -> SafeString:
    """A QR code as SVG, black on white also where the page is dark."""
    import qrcode  # noqa: PLC0415 - one page in a thousand needs it
    from qrcode.image.svg import SvgPathFillImage  # noqa: PLC0415

    image = qrcode.make(text, image_factory=SvgPathFillImage, box_size=12, border=4)
    return mark_safe(str(image.to_string(encoding="unicode")))  # noqa: S308 - squares, not the text
