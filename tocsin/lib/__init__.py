"""Small pure helpers, each module a noun. Nothing here knows Django or does network I/O."""
