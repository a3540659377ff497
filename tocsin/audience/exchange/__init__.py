"""People in from files and out to files: recognising what another program wrote, checking it, taking it in, writing it."""
