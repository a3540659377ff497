"""The one door to other people's servers: whatever fetches an address that somebody wrote goes through `door`."""
