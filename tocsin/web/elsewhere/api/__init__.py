"""The HTTP API under /api/v1/, for servers of others: subscribing, looking up, topics, posts."""
