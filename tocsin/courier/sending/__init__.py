"""The courier process: what is claimed, over which relay it goes, and what comes back. No Django here.

    process    begins, beats, listens for the doorbell, ends
    fetcher    claims leases and looks deliveries up, as many as `flow` says    -> board
    board      what is to be handed out next, best lane first
    relays     one relay: opens sessions while there is something for them
    crew       one session: asks for pieces, has their intents written down     <- giving, -> diary
    giving     what one relay may be given next, by its health and its limits   <- board
    hearing    what came back from it, and what that means                     -> judge, writing
    writing    what a relay is given and what came of it, as records           -> diary, outbox
    diary      the journal: an intent before its bytes, what came back after    (mapped memory)
    outbox     what came back waits here until the ledger has it                -> clerk
    clerk      the one thread that works on the database

A message takes the path fetcher, board, giving, crew, session, crew, hearing, outbox. From `board` on it is plain calls on the
event loop: nothing waits for a single message. The rest is judgement, and pure: `judge` (is a refusal the recipient's
or the relay's?), `health` and `circuit` (may the relay be used now?), `window`, `pace`, `recovery`, `shares`, `destinations` (how much of
it), `almanac` (what time it is). `membership` is this courier's place among the others; `station` is what all share.
"""
