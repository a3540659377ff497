-- Writing a new telling into the ledger, inside the transaction that publishes. Run through Django's cursor.
-- {audience} stands for the compiled SQL of the audience: rows of address id, subscriber id and hash. Rows go in by
-- hash, so that the unique indexes grow at their end (twice as fast at 100,000 rows).

-- name: tell_first
-- Whoever was told of this post before does not get a row.
INSERT INTO courier_telling (post_id, channel, address_hash, dispatch_id)
WITH audience (address_id, subscriber_id, hash) AS ({audience})
SELECT :post, :channel, hash, :dispatch FROM audience WHERE true ORDER BY hash
ON CONFLICT (post_id, channel, address_hash) DO NOTHING

-- name: plan_first_told
INSERT INTO courier_delivery
    (dispatch_id, edition_id, channel, subscriber_id, address_id, address_hash,
     state, due_us, attempts, doubts, at_us, reply)
SELECT t.dispatch_id, :edition, t.channel, a.subscriber_id, a.id, a.hash, 'planned', 0, 0, 0, :now, ''
FROM courier_telling t JOIN audience_address a ON a.channel = t.channel AND a.hash = t.address_hash
WHERE t.post_id = :post AND t.channel = :channel AND t.dispatch_id = :dispatch
ORDER BY a.hash

-- name: plan_all
INSERT INTO courier_delivery
    (dispatch_id, edition_id, channel, subscriber_id, address_id, address_hash,
     state, due_us, attempts, doubts, at_us, reply)
WITH audience (address_id, subscriber_id, hash) AS ({audience})
SELECT :dispatch, :edition, :channel, subscriber_id, address_id, hash, 'planned', 0, 0, 0, :now, ''
FROM audience ORDER BY hash

-- name: cut_batches
-- On PostgreSQL ids may interleave with another transaction's, so a batch is a range *of its dispatch*.
INSERT INTO courier_batch (dispatch_id, lane, first_id, last_id, due_us)
SELECT :dispatch, :lane, min(id), max(id), 0
FROM (
    SELECT id, (row_number() OVER (ORDER BY id) - 1) / :size AS slice
    FROM courier_delivery WHERE id > :floor AND +dispatch_id = :dispatch
) AS numbered
GROUP BY slice
ORDER BY slice

-- name: last_delivery
SELECT coalesce(max(id), 0) FROM courier_delivery
