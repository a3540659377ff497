"""The demo's inbox: what would have been mailed, to look at."""
