"""A sans-IO SMTP client: bytes in, events out. No sockets, no asyncio, no Django.

Start at `state.py` (what may be said when), then `client.py` (one conversation), then `transfer.py` (letters through it,
and what becomes of each). What opens connections is `channels/email`: `line.py` until one is ready, then `session.py`.
"""
