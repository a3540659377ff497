"""Telling: dispatches, editions, batches, the ledger, leases, and the process that sends."""
