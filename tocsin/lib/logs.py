"""What must not stand in a log: the tokens in mailed links, which are as good as a password."""

import logging
import re

TOKEN = re.compile(r"/(reader|confirm|unsubscribe|erase|your-data|password_reset/confirm)/[^\s?#\"']+")


class KeepTokensOut(logging.Filter):
    """A filter for handlers that blots out tokens in the addresses of pages."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record where needed; always let it pass."""
        message = record.getMessage()
        clean = TOKEN.sub(r"/\1/…", message)
        if clean != message:
            record.msg, record.args = clean, ()
        return True
