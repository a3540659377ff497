-- Moving states. Only `ledger.py` runs these. Locks are always taken in the order batch, delivery, attempt.

-- name: lock_batches
SELECT id FROM courier_batch WHERE dispatch_id = :dispatch ORDER BY id
FOR UPDATE

-- name: cancel_dispatch
UPDATE courier_dispatch SET cancelled_us = :now, cancel_reason = :reason WHERE id = :dispatch AND cancelled_us IS NULL

-- name: withdraw
-- All of a dispatch that are in one state, but not what is on the wire at this moment.
UPDATE courier_delivery SET state = :to_state, due_us = NULL, at_us = :now, reply = :reason
WHERE dispatch_id = :dispatch AND state = :state AND NOT EXISTS (
    SELECT 1 FROM courier_attempt a WHERE a.delivery_id = courier_delivery.id AND a.finished_us IS NULL
)

-- name: settle_idle_batches
-- After a cancellation: what nobody holds has nothing to do any more, but for what is still on the wire.
UPDATE courier_batch SET due_us = (
    SELECT min(d.due_us) FROM courier_delivery d
    WHERE d.id BETWEEN courier_batch.first_id AND courier_batch.last_id AND +d.dispatch_id = courier_batch.dispatch_id
)
WHERE dispatch_id = :dispatch AND token IS NULL
