"""What the content room announces. Sent inside the transaction; a receiver that raises undoes it all."""

from django.dispatch import Signal

post_published = Signal()
"""A revision of a post is live now. Arguments: post (fresh from the database), revision, first_time (it never was
live before), user (who saved the revision, or None)."""

post_unpublished = Signal()
"""A post is no longer live, or is about to be deleted. Arguments: post. May be sent twice for one taking down."""
