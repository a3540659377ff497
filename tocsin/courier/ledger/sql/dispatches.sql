-- Tellings as a whole. A row is in a courier's hands while its batch is leased and it was due when the lease began.

-- name: lock_batches
SELECT id FROM courier_batch WHERE dispatch_id = :dispatch ORDER BY id
FOR UPDATE

-- name: cancel_dispatch
-- What is cancelled needs no pause: a courier is to see to what is left of it.
UPDATE courier_dispatch SET cancelled_us = :now, cancel_reason = :reason, paused_us = NULL, pause_reason = ''
WHERE id = :dispatch AND cancelled_us IS NULL

-- name: withdraw
UPDATE courier_delivery AS d SET state = :to_state, due_us = NULL, at_us = :now, reply = :reason
FROM courier_batch b
WHERE b.dispatch_id = :dispatch AND d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id
    AND d.state IN ('planned', 'deferred', 'unsure')
    AND (b.token IS NULL OR d.due_us IS NULL OR d.due_us > b.leased_us)

-- name: pause_dispatch
UPDATE courier_dispatch SET paused_us = :now, pause_reason = :reason
WHERE id = :dispatch AND paused_us IS NULL AND cancelled_us IS NULL

-- name: unqueue
-- Off the queue. Leased batches go when they are released.
UPDATE courier_batch SET due_us = NULL WHERE dispatch_id = :dispatch AND token IS NULL

-- name: resume_dispatch
UPDATE courier_dispatch SET paused_us = NULL, pause_reason = '' WHERE id = :dispatch AND paused_us IS NOT NULL

-- name: requeue
-- A batch that nobody holds is due when its first row is, unless the telling is paused.
UPDATE courier_batch AS b SET due_us = (
    SELECT min(d.due_us) FROM courier_delivery d
    WHERE d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id
)
WHERE b.dispatch_id = :dispatch AND b.token IS NULL
    AND EXISTS (SELECT 1 FROM courier_dispatch p WHERE p.id = :dispatch AND p.paused_us IS NULL)

-- name: retry_unsure
UPDATE courier_delivery SET due_us = :now
WHERE dispatch_id = :dispatch AND state = 'unsure' AND due_us IS NULL

-- name: held_dispatches
SELECT id
FROM courier_dispatch WHERE paused_us IS NOT NULL AND pause_reason = :reason

-- name: unsettled_dispatches
SELECT DISTINCT b.dispatch_id
FROM courier_batch b WHERE b.due_us IS NOT NULL

-- name: stopped
SELECT p.id
FROM {rows} JOIN courier_dispatch p ON p.id = CAST(given.value AS bigint)
WHERE p.cancelled_us IS NOT NULL OR p.paused_us IS NOT NULL

-- name: lock_deliveries_of
SELECT id FROM courier_delivery WHERE subscriber_id = :subscriber ORDER BY id
FOR UPDATE

-- name: scrub_attempts
-- A relay's words often quote the address they are about.
UPDATE courier_attempt SET reply = '' WHERE delivery_id IN (
    SELECT d.id FROM courier_delivery d WHERE d.subscriber_id = :subscriber
)

-- name: scrub_deliveries
-- Without its subscriber a delivery takes no more words, see `accept_firsts` and `accounts`.
UPDATE courier_delivery SET subscriber_id = NULL, reply = CASE WHEN state = 'suppressed' THEN reply ELSE '' END
WHERE subscriber_id = :subscriber

-- name: oldest_remembered
SELECT p.id, p.forgotten_id
FROM courier_dispatch p WHERE p.forgotten_us IS NULL AND p.created_us < :before
ORDER BY p.created_us LIMIT 1

-- name: piece_to_forget
-- The next few batches of a telling, as one range of deliveries.
SELECT min(first_id), max(last_id)
FROM (
    SELECT first_id, last_id FROM courier_batch WHERE dispatch_id = :dispatch AND first_id > :after
    ORDER BY first_id LIMIT :batches
) AS next

-- name: forget_words
UPDATE courier_attempt SET reply = '' WHERE delivery_id IN (
    SELECT d.id FROM courier_delivery d WHERE d.id BETWEEN :first AND :last AND +d.dispatch_id = :dispatch
)

-- name: forget_readers
-- Address 0 is nobody's: to the courier a reader who is gone. Staff mail has none from the start.
UPDATE courier_delivery SET subscriber_id = NULL, reply = '',
    address_id = CASE WHEN address_id IS NULL THEN NULL ELSE 0 END
WHERE id BETWEEN :first AND :last AND +dispatch_id = :dispatch

-- name: note_forgotten
UPDATE courier_dispatch SET forgotten_id = :upto, forgotten_us = :done WHERE id = :dispatch
