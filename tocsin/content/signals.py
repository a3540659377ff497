"""What the content room announces. Sent inside the transaction; a receiver that raises undoes it all."""

from django.dispatch import Signal

post_published = Signal()
"""A revision of a post is live now. Arguments: post (fresh from the database), revision, was_live, user."""

post_unpublished = Signal()
"""A post is no longer live. Arguments: post, user."""
