"""Documents from elsewhere become posts: one module per source."""
