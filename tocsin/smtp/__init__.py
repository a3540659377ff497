"""A sans-IO SMTP client: bytes in, events out. No sockets, no asyncio, no Django."""
