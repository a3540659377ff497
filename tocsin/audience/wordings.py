"""The sentences people agree to, in the language that is active. What is recorded as consent is exactly what was shown.

A changed sentence is a new `ConsentText`: whoever agreed to the old one is on record with the old one.
"""

import hashlib

from django.utils.translation import gettext as _

SUBSCRIBE = "subscribe"
IMPORT = "import"


def subscribing(publication_name: str) -> str:
    """The sentence at the form with which a reader subscribes."""
    return _(
        "By subscribing I agree that {name} e-mails me what it publishes, at the pace I choose. "
        "Every mail has a link to change that or to leave."
    ).format(name=publication_name)


def digest(purpose: str, language: str, wording: str) -> str:
    """What makes a wording one of its kind: SHA-256 of purpose, language and text, in hex."""
    return hashlib.sha256(f"{purpose}\0{language}\0{wording}".encode()).hexdigest()
