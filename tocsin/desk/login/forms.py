"""The forms of two-step login."""

from typing import Any

from django import forms
from django.contrib.auth import authenticate
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from tocsin.desk.login import codes
from tocsin.desk.models import User

REFUSALS = {
    codes.Verdict.WRONG: _("This code is wrong, or was used before. Wait for the next one and try again."),
    codes.Verdict.PAUSED: _(
        "Too many wrong codes. Wait an hour, or ask an administrator to reset your two-step login."
    ),
    codes.Verdict.UNREADABLE: _(
        "Codes of this account cannot be checked. Ask an administrator to reset its two-step login."
    ),
}


def _code(label: Any, help_text: Any) -> forms.CharField:
    attributes = {"autocomplete": "one-time-code", "inputmode": "numeric"}
    return forms.CharField(label=label, help_text=help_text, max_length=20, widget=forms.TextInput(attrs=attributes))


class CodeForm(forms.Form):
    """A code of the app or a recovery code. Validating it uses it up."""

    code = _code(_("Code"), _("The six digits your authenticator app shows, or one of your recovery codes."))

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        self._user = user
        super().__init__(*args, **kwargs)
        self.fields["code"].widget.attrs["autofocus"] = True

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        verdict = codes.check(self._user, code)
        if verdict is not codes.Verdict.ACCEPTED:
            raise ValidationError(REFUSALS[verdict], code=verdict.value)
        return code


class SwitchOnForm(forms.Form):
    """Proof that the app shows the right codes, by the one whose account it is."""

    code = _code(_("Code"), _("The six digits the app shows now."))
    password = forms.CharField(
        label=_("Your password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, request: HttpRequest, secret: str, *args: Any, **kwargs: Any) -> None:
        self._request, self._secret = request, secret
        self.counter = 0
        super().__init__(*args, **kwargs)

    def clean_code(self) -> str:
        code = str(self.cleaned_data["code"])
        counter = codes.matching_counter(self._secret, code)
        if counter is None:
            raise ValidationError(_("This is not the code the app should show now. Is the clock of your phone right?"))
        self.counter = counter
        return code

    def clean_password(self) -> str:
        """Through `authenticate`, so that guessing is counted as at the door."""
        password = str(self.cleaned_data["password"])
        username = self._request.user.get_username()
        if authenticate(self._request, username=username, password=password) is None:
            raise ValidationError(_("This is not your password."))
        return password
