-- Leasing batches: these rows are the sending queue. `batch` is locked before `delivery`, and that before `attempt`.

-- name: waiting
-- Whether something is due and free in a lane: a quick look before the claim, which writes.
SELECT id FROM courier_batch
WHERE lane = :lane AND due_us <= :now AND token IS NULL
ORDER BY due_us, id LIMIT 1

-- name: waiting_lanes
-- The same for several lanes at once.
SELECT given.value
FROM {rows}
WHERE EXISTS (
    SELECT 1 FROM courier_batch b
    WHERE b.lane = CAST(CAST(given.value AS text) AS integer) AND b.due_us <= :now AND b.token IS NULL
)

-- name: claim
-- Each batch gets a token of its own.
UPDATE courier_batch SET token = :token + id, courier_id = :courier, leased_us = :now
WHERE id IN (
    SELECT id FROM courier_batch
    WHERE lane = :lane AND due_us <= :now AND token IS NULL
    ORDER BY due_us, id LIMIT :number
FOR UPDATE SKIP LOCKED
)
RETURNING id, dispatch_id, lane, first_id, last_id, leased_us, token

-- name: due
SELECT due_us, id
FROM courier_delivery
WHERE id BETWEEN :first AND :last AND +dispatch_id = :dispatch AND due_us <= :leased

-- name: lock_leases
SELECT b.id
FROM {rows}
JOIN courier_batch b ON b.id = CAST(given.value ->> 0 AS bigint) AND b.token = CAST(given.value ->> 1 AS bigint)
ORDER BY b.id
FOR UPDATE OF b

-- name: release
-- Rows are batch, token, and the batches are locked. That of a paused telling stays off the queue.
UPDATE courier_batch AS b SET token = NULL, courier_id = NULL, leased_us = NULL, due_us = (
    SELECT min(d.due_us) FROM courier_delivery d JOIN courier_dispatch p ON p.id = b.dispatch_id
    WHERE d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id AND p.paused_us IS NULL
)
FROM (
    SELECT CAST(given.value ->> 0 AS bigint) AS id, CAST(given.value ->> 1 AS bigint) AS token FROM {rows}
) AS mine
WHERE b.id = mine.id AND b.token = mine.token

-- name: leases_of
SELECT id, dispatch_id, lane, first_id, last_id, leased_us, token FROM courier_batch
WHERE courier_id = :courier AND token IS NOT NULL
ORDER BY id
FOR UPDATE

-- name: edition
SELECT message FROM courier_edition WHERE id = :edition
