-- Moving states. Only `ledger.py` runs these. Locks are always taken in the order batch, delivery, attempt.

-- name: waiting
-- Whether something is due and free in a lane: a quick look before the claim, which writes.
SELECT id FROM courier_batch
WHERE lane = :lane AND due_us <= :now AND token IS NULL
ORDER BY due_us, id LIMIT 1

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

-- name: release
-- Rows are batch, token. The batch of a paused telling stays off the queue.
UPDATE courier_batch AS b SET token = NULL, courier_id = NULL, leased_us = NULL, due_us = (
    SELECT min(d.due_us) FROM courier_delivery d JOIN courier_dispatch p ON p.id = b.dispatch_id
    WHERE d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id AND p.paused_us IS NULL
)
FROM (
    SELECT CAST(given.value ->> 0 AS bigint) AS id, CAST(given.value ->> 1 AS bigint) AS token FROM {rows}
) AS mine
WHERE b.id = mine.id AND b.token = mine.token

-- name: load
SELECT d.id, d.state, d.edition_id, p.lane, CASE WHEN d.address_id IS NULL THEN 1 ELSE 0 END,
    coalesce(a.value, ''), coalesce(s.name, ''), coalesce(CAST(s.public_id AS text), ''), coalesce(s.status, ''),
    coalesce(x.reason, ''), CASE WHEN p.cancelled_us IS NULL THEN 0 ELSE 1 END, p.cancel_reason,
    CASE WHEN p.paused_us IS NULL THEN 0 ELSE 1 END, p.give_up_us,
    (SELECT min(t.started_us) FROM courier_attempt t WHERE t.delivery_id = d.id),
    (SELECT min(t.started_us) FROM courier_attempt t WHERE t.delivery_id = d.id AND t.outcome = 'refused'),
    (SELECT coalesce(max(t.number), 0) FROM courier_attempt t WHERE t.delivery_id = d.id), d.reply
FROM courier_delivery d
JOIN courier_dispatch p ON p.id = d.dispatch_id
LEFT JOIN audience_address a ON a.id = d.address_id AND a.hash = d.address_hash
LEFT JOIN audience_subscriber s ON s.id = a.subscriber_id
LEFT JOIN audience_suppression x ON x.channel = d.channel AND x.address_hash = d.address_hash
WHERE d.id = :delivery

-- name: edition
SELECT message FROM courier_edition WHERE id = :edition

-- name: held
-- Whether a lease is still ours. The lock keeps whoever wants to take it over waiting until we are done.
SELECT id FROM courier_batch WHERE id = :batch AND token = :token
FOR SHARE

-- name: standing
SELECT d.dispatch_id, d.state, d.due_us, d.doubts, d.attempts, d.reply, p.hold_unsure, p.give_up_us
FROM courier_delivery d JOIN courier_dispatch p ON p.id = d.dispatch_id
WHERE d.id = :delivery
FOR UPDATE OF d

-- name: open_attempt
INSERT INTO courier_attempt (delivery_id, number, relay, started_us, outcome, reply)
VALUES (:delivery, :number, :relay, :now, '', '')
ON CONFLICT (delivery_id, number) DO NOTHING

-- name: close_attempt
-- What came back. An attempt that never came to bytes that could complete a message is written here, whole. What came
-- back once stays, but for an attempt that was given up as lost: later evidence is better. Nobody closes another's.
INSERT INTO courier_attempt (delivery_id, number, relay, started_us, finished_us, outcome, reply)
VALUES (:delivery, :number, :relay, :started, :now, :outcome, :reply)
ON CONFLICT (delivery_id, number) DO UPDATE
SET finished_us = excluded.finished_us, outcome = excluded.outcome, reply = excluded.reply
WHERE courier_attempt.started_us = excluded.started_us AND (
    courier_attempt.finished_us IS NULL OR (courier_attempt.outcome = 'lost' AND excluded.outcome <> 'lost')
)

-- name: move
UPDATE courier_delivery
SET state = :state, due_us = :due, doubts = :doubts, attempts = :attempts, at_us = :now, reply = :reply
WHERE id = :delivery

-- name: put_aside
-- The state stays what it is; it is tried again later.
UPDATE courier_delivery SET due_us = :due, attempts = :attempts, reply = :reply WHERE id = :delivery

-- name: register
INSERT INTO courier_courier (id, host, boot, pid, beat, started_us, joined)
VALUES (:courier, :host, :boot, :pid, 0, :now, false)
ON CONFLICT (id) DO NOTHING

-- name: knows
SELECT id FROM courier_courier WHERE id = :courier

-- name: forget_couriers
DELETE FROM courier_courier WHERE gone_us < :before AND NOT EXISTS (
    SELECT 1 FROM courier_batch b WHERE b.courier_id = courier_courier.id
)

-- name: beat
UPDATE courier_courier SET beat = beat + 1 WHERE id = :courier AND gone_us IS NULL

-- name: enlisted
-- Whether a courier is not given up. The lock keeps whoever wants to bury it waiting until its claim is committed.
SELECT id FROM courier_courier WHERE id = :courier AND gone_us IS NULL
FOR SHARE

-- name: others
SELECT id, host, boot, pid, beat FROM courier_courier WHERE id <> :courier AND gone_us IS NULL

-- name: bury
-- Compare and swap: a courier that beat again after we looked is alive.
UPDATE courier_courier SET gone_us = :now
WHERE id = :courier AND gone_us IS NULL AND (CAST(:beat AS bigint) IS NULL OR beat = CAST(:beat AS bigint))

-- name: leases_of
SELECT id, dispatch_id, lane, first_id, last_id, leased_us, token FROM courier_batch
WHERE courier_id = :courier AND token IS NOT NULL
ORDER BY id
FOR UPDATE

-- name: on_the_wire
-- What of a dead courier's batch had bytes on the wire.
SELECT d.id, t.number FROM courier_delivery d
JOIN courier_attempt t ON t.delivery_id = d.id AND t.finished_us IS NULL
WHERE d.id BETWEEN :first AND :last AND +d.dispatch_id = :dispatch
ORDER BY d.id

-- name: give_up_attempt
UPDATE courier_attempt SET finished_us = :now, outcome = :outcome, reply = :reply
WHERE delivery_id = :delivery AND finished_us IS NULL

-- name: relay_seen
INSERT INTO courier_relaystatus (name, trouble, since_us) VALUES (:name, :trouble, :now)
ON CONFLICT (name) DO UPDATE SET trouble = excluded.trouble, since_us = CASE
    WHEN (courier_relaystatus.trouble = '') = (excluded.trouble = '') THEN courier_relaystatus.since_us
    ELSE excluded.since_us
END
WHERE courier_relaystatus.trouble <> excluded.trouble

-- name: relays
SELECT name FROM courier_relaystatus

-- name: relay_gone
DELETE FROM courier_relaystatus WHERE name = :name
