"""The one table of the reader's site: how often what it shows has changed, for web processes of other hosts to notice."""

from django.db import models


class Change(models.Model):
    """A share of the count. Each transaction counts in a row nobody else holds, so that none waits for another."""

    changes = models.BigIntegerField(default=0, help_text="Transactions that changed what may show.")
    recalls = models.BigIntegerField(default=0, help_text="Transactions that took something down.")

    def __str__(self) -> str:
        return f"{self.changes} changes"
