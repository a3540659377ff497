-- Deliveries by the hundred: `{rows}` is a list handed over in one parameter, see `statements.py`. Locks are taken in the
-- order batch, delivery, attempt, each by id.

-- name: standings
-- All that decides about deliveries right before their messages, from one snapshot.
SELECT d.id, d.state, d.edition_id, p.lane, CASE WHEN d.address_id IS NULL THEN 1 ELSE 0 END,
    coalesce(a.value, ''), coalesce(s.name, ''), coalesce(CAST(s.public_id AS text), ''), coalesce(s.status, ''),
    coalesce(x.reason, ''), CASE WHEN p.cancelled_us IS NULL THEN 0 ELSE 1 END, p.cancel_reason,
    CASE WHEN p.paused_us IS NULL THEN 0 ELSE 1 END, p.give_up_us,
    CASE WHEN d.attempts > 0 THEN (SELECT min(t.started_us) FROM courier_attempt t WHERE t.delivery_id = d.id) END,
    CASE WHEN d.attempts > 0 THEN (
        SELECT min(t.started_us) FROM courier_attempt t WHERE t.delivery_id = d.id AND t.outcome = 'refused'
    ) END,
    d.attempts, d.reply
FROM {rows}
JOIN courier_delivery d ON d.id = CAST(given.value AS bigint)
JOIN courier_dispatch p ON p.id = :dispatch
LEFT JOIN audience_address a ON a.id = d.address_id AND a.hash = d.address_hash
LEFT JOIN audience_subscriber s ON s.id = a.subscriber_id
LEFT JOIN audience_suppression x ON x.channel = d.channel AND x.address_hash = d.address_hash

-- name: accept_firsts
-- Rows are id, at, reply. Whose reader was erased takes no words.
UPDATE courier_delivery AS d
SET state = 'accepted', due_us = NULL, attempts = 1, at_us = new.at_us,
    reply = CASE WHEN d.subscriber_id IS NULL AND d.address_id IS NOT NULL THEN '' ELSE new.reply END
FROM (
    SELECT CAST(given.value ->> 0 AS bigint) AS id, CAST(given.value ->> 1 AS bigint) AS at_us,
        given.value ->> 2 AS reply
    FROM {rows}
) AS new
WHERE d.id = new.id AND d.state = 'planned' AND d.attempts = 0

-- name: held_leases
-- Which of some leases (batch, token) are still held. The lock keeps whoever wants to take one over waiting.
SELECT b.id, b.token, b.leased_us
FROM {rows}
JOIN courier_batch b ON b.id = CAST(given.value ->> 0 AS bigint) AND b.token = CAST(given.value ->> 1 AS bigint)
ORDER BY b.id
FOR SHARE OF b

-- name: accounts
SELECT d.id, d.state, d.due_us, d.doubts, d.attempts, d.at_us, d.reply, p.hold_unsure, p.give_up_us,
    CASE WHEN p.cancelled_us IS NULL THEN 0 ELSE 1 END, p.cancel_reason,
    CASE WHEN d.subscriber_id IS NULL AND d.address_id IS NOT NULL THEN 1 ELSE 0 END
FROM {rows}
JOIN courier_delivery d ON d.id = CAST(given.value AS bigint)
JOIN courier_dispatch p ON p.id = d.dispatch_id
ORDER BY d.id
FOR UPDATE OF d

-- name: attempts
SELECT t.delivery_id, t.number, t.relay, t.started_us, t.finished_us, t.outcome, t.reply
FROM {rows}
JOIN courier_attempt t ON t.delivery_id = CAST(given.value AS bigint)

-- name: write_attempts
INSERT INTO courier_attempt (delivery_id, number, relay, started_us, finished_us, outcome, reply)
SELECT CAST(given.value ->> 0 AS bigint), CAST(given.value ->> 1 AS bigint), given.value ->> 2,
    CAST(given.value ->> 3 AS bigint), CAST(given.value ->> 4 AS bigint), given.value ->> 5, given.value ->> 6
FROM {rows} WHERE true
ON CONFLICT (delivery_id, number) DO UPDATE
SET relay = excluded.relay, started_us = excluded.started_us, finished_us = excluded.finished_us,
    outcome = excluded.outcome, reply = excluded.reply

-- name: write_deliveries
UPDATE courier_delivery AS d
SET state = new.state, due_us = new.due_us, doubts = new.doubts, attempts = new.attempts, at_us = new.at_us,
    reply = new.reply
FROM (
    SELECT CAST(given.value ->> 0 AS bigint) AS id, given.value ->> 1 AS state,
        CAST(given.value ->> 2 AS bigint) AS due_us, CAST(given.value ->> 3 AS bigint) AS doubts,
        CAST(given.value ->> 4 AS bigint) AS attempts, CAST(given.value ->> 5 AS bigint) AS at_us,
        given.value ->> 6 AS reply
    FROM {rows}
) AS new
WHERE d.id = new.id
