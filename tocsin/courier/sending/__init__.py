"""The courier process: what is claimed, over which relay it goes, and what comes back. No Django here."""
