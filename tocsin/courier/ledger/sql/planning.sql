-- Writing a new telling into the ledger, inside the transaction that publishes. Run through Django's cursor.
-- {audience} stands for the compiled SQL of the audience: rows of address id, subscriber id and hash. Rows go in by
-- hash, so that the unique indexes grow at their end (twice as fast at 100,000 rows). {rows} are the quiet hours that are now:
-- zone, beginning, end, and the moment of that end. Who has them is told then; those rows lie behind all others, in batches of their own.

-- name: tell_first
-- Who is told of a post for the first time now. Whoever was told before does not get a row.
INSERT INTO courier_telling (post_id, channel, address_hash, dispatch_id)
WITH audience (address_id, subscriber_id, hash) AS ({audience})
SELECT :post, :channel, hash, :dispatch FROM audience WHERE true ORDER BY hash
ON CONFLICT (post_id, channel, address_hash) DO NOTHING

-- name: plan_first_told
INSERT INTO courier_delivery
    (dispatch_id, edition_id, channel, subscriber_id, address_id, address_hash,
     state, due_us, attempts, doubts, at_us, reply)
WITH quiet (subscriber_id, until_us) AS MATERIALIZED (
    SELECT s.id, CAST(given.value ->> 3 AS bigint)
    FROM {rows} JOIN audience_subscriber s
        ON s.time_zone = given.value ->> 0 AND s.quiet_from = CAST(given.value ->> 1 AS integer)
        AND s.quiet_until = CAST(given.value ->> 2 AS integer) AND s.quiet_from IS NOT NULL
)
SELECT t.dispatch_id, :edition, t.channel, a.subscriber_id, a.id, a.hash, 'planned', coalesce(quiet.until_us, 0), 0, 0, :now, ''
FROM courier_telling t JOIN audience_address a ON a.channel = t.channel AND a.hash = t.address_hash
LEFT JOIN quiet ON quiet.subscriber_id = a.subscriber_id
WHERE t.post_id = :post AND t.channel = :channel AND t.dispatch_id = :dispatch
ORDER BY coalesce(quiet.until_us, 0), a.hash

-- name: plan_all
INSERT INTO courier_delivery
    (dispatch_id, edition_id, channel, subscriber_id, address_id, address_hash,
     state, due_us, attempts, doubts, at_us, reply)
WITH audience (address_id, subscriber_id, hash) AS ({audience}), quiet (subscriber_id, until_us) AS MATERIALIZED (
    SELECT s.id, CAST(given.value ->> 3 AS bigint)
    FROM {rows} JOIN audience_subscriber s
        ON s.time_zone = given.value ->> 0 AND s.quiet_from = CAST(given.value ->> 1 AS integer)
        AND s.quiet_until = CAST(given.value ->> 2 AS integer) AND s.quiet_from IS NOT NULL
)
SELECT :dispatch, :edition, :channel, a.subscriber_id, a.address_id, a.hash, 'planned', coalesce(quiet.until_us, 0), 0, 0, :now, ''
FROM audience a LEFT JOIN quiet ON quiet.subscriber_id = a.subscriber_id
ORDER BY coalesce(quiet.until_us, 0), a.hash

-- name: plan_digest
-- Rows are edition, address id, due.
INSERT INTO courier_delivery
    (dispatch_id, edition_id, channel, subscriber_id, address_id, address_hash,
     state, due_us, attempts, doubts, at_us, reply)
SELECT :dispatch, CAST(given.value ->> 0 AS bigint), a.channel, a.subscriber_id, a.id, a.hash,
    'planned', CAST(given.value ->> 2 AS bigint), 0, 0, :now, ''
FROM {rows} JOIN audience_address a ON a.id = CAST(given.value ->> 1 AS bigint)
ORDER BY CAST(given.value ->> 2 AS bigint), CAST(given.value ->> 0 AS bigint), a.hash

-- name: tell_in_digest
-- Whoever got a row behind :floor is told of what their edition tells of. Rows are edition, post. Whoever was told of a post before
-- makes this fail: they must not be in the digest.
INSERT INTO courier_telling (post_id, channel, address_hash, dispatch_id)
WITH tells (edition_id, post_id) AS MATERIALIZED (
    SELECT CAST(given.value ->> 0 AS bigint), CAST(given.value ->> 1 AS bigint) FROM {rows}
)
SELECT tells.post_id, d.channel, d.address_hash, d.dispatch_id
FROM courier_delivery d CROSS JOIN tells
WHERE d.id > :floor AND +d.dispatch_id = :dispatch AND tells.edition_id = d.edition_id
ORDER BY tells.post_id, d.address_hash

-- name: cut_batches
-- On PostgreSQL ids may interleave with another transaction's, so a batch is a range *of its dispatch*.
INSERT INTO courier_batch (dispatch_id, lane, first_id, last_id, due_us)
SELECT :dispatch, :lane, min(id), max(id),
    (SELECT CASE WHEN p.paused_us IS NULL THEN numbered.due_us END FROM courier_dispatch p WHERE p.id = :dispatch)
FROM (
    SELECT id, due_us, (row_number() OVER (PARTITION BY due_us ORDER BY id) - 1) / :size AS slice
    FROM courier_delivery WHERE id > :floor AND +dispatch_id = :dispatch
) AS numbered
GROUP BY due_us, slice
ORDER BY due_us, slice

-- name: last_delivery
SELECT coalesce(max(id), 0) FROM courier_delivery
