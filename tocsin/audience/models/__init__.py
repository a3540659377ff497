"""The nouns of the audience, a file for each subject. Writers live in `actions.py`, readers in `queries.py`."""

from tocsin.audience.models.consent import Consent, ConsentText, Suppression
from tocsin.audience.models.following import Followable, PastChoice, Subscription
from tocsin.audience.models.pace import Cadence, Channel, Weekday
from tocsin.audience.models.people import Address, StaffNote, Subscriber
from tocsin.audience.models.publication import Publication
from tocsin.audience.models.records import Allowance, Export, Import

__all__ = [
    "Address",
    "Allowance",
    "Cadence",
    "Channel",
    "Consent",
    "ConsentText",
    "Export",
    "Followable",
    "Import",
    "PastChoice",
    "Publication",
    "StaffNote",
    "Subscriber",
    "Subscription",
    "Suppression",
    "Weekday",
]
