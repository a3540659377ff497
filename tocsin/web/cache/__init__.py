"""The page cache: pages that were rendered are bytes, handed out until anything they show changes. Decision 011 says why."""
