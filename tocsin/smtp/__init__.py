"""A sans-IO SMTP client: bytes in, events out. No sockets, no asyncio, no Django.

Start at `state.py` (what may be said when), then `client.py`. What opens connections is `channels/email/line.py`.
"""
