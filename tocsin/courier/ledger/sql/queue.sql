-- Leasing batches: these rows are the sending queue. `batch` is locked before `delivery`, and that before `attempt`.

-- name: waiting_lanes
-- In which lanes something is due and free: a quick look before the claim, which writes.
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

-- name: due.sqlite
-- What may be worked on under some leases. Rows are token, first, last, dispatch, leased.
SELECT CAST(given.value ->> 0 AS bigint), d.due_us, d.id
FROM {rows}
CROSS JOIN courier_delivery d
WHERE d.id BETWEEN CAST(given.value ->> 1 AS bigint) AND CAST(given.value ->> 2 AS bigint)
    AND +d.dispatch_id = CAST(given.value ->> 3 AS bigint) AND d.due_us <= CAST(given.value ->> 4 AS bigint)

-- name: due.postgresql
-- OFFSET keeps the two apart. Joined, it takes a range of unknown ends for so many rows that it would read the table.
SELECT CAST(given.value ->> 0 AS bigint), d.due_us, d.id
FROM {rows}
CROSS JOIN LATERAL (
    SELECT due_us, id
    FROM courier_delivery
    WHERE id BETWEEN CAST(given.value ->> 1 AS bigint) AND CAST(given.value ->> 2 AS bigint)
        AND +dispatch_id = CAST(given.value ->> 3 AS bigint) AND due_us <= CAST(given.value ->> 4 AS bigint)
    OFFSET 0
) AS d

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
    SELECT CAST(given.value ->> 0 AS bigint) AS batch, CAST(given.value ->> 1 AS bigint) AS held FROM {rows}
) AS mine
WHERE b.id = mine.batch AND b.token = mine.held
RETURNING id, due_us, (SELECT p.cancelled_us FROM courier_dispatch p WHERE p.id = dispatch_id) AS cancelled_us

-- name: withdraw_given_back
-- What is left of a cancelled telling in a batch that was just released.
UPDATE courier_delivery AS d SET state = :to_state, due_us = NULL, at_us = p.cancelled_us, reply = p.cancel_reason
FROM courier_batch b JOIN courier_dispatch p ON p.id = b.dispatch_id
WHERE b.id = :batch AND d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id
    AND d.state IN ('planned', 'deferred', 'unsure')

-- name: take_off
UPDATE courier_batch SET due_us = NULL WHERE id = :batch

-- name: leases_of
SELECT id, dispatch_id, lane, first_id, last_id, leased_us, token FROM courier_batch
WHERE courier_id = :courier AND token IS NOT NULL
ORDER BY id
FOR UPDATE

-- name: edition
SELECT message FROM courier_edition WHERE id = :edition
