-- What the ledger holds, read in one statement and so from one snapshot: the books balance at every instant.

-- name: books
-- Planned, deferred and unsure rows of a leased batch that were due at its claim are being sent: `leased` counts them.
-- `moved`: how many came into their state since :since, the first of them at `moved_us`.
WITH range AS (
    SELECT min(first_id) AS first_id, max(last_id) AS last_id FROM courier_batch WHERE dispatch_id = :dispatch
)
SELECT 0 AS leased, 'audience' AS state, CAST(audience AS bigint) AS number, CAST(0 AS bigint) AS moved, CAST(NULL AS bigint) AS moved_us
FROM courier_dispatch WHERE id = :dispatch
UNION ALL
SELECT 0, d.state, count(*), count(CASE WHEN d.at_us >= :since THEN 1 END), min(CASE WHEN d.at_us >= :since THEN d.at_us END)
FROM range JOIN courier_delivery d ON d.id BETWEEN range.first_id AND range.last_id
WHERE +d.dispatch_id = :dispatch
GROUP BY d.state
UNION ALL
SELECT 1, d.state, count(*), 0, NULL
FROM courier_batch b
JOIN courier_delivery d ON d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id
WHERE b.dispatch_id = :dispatch AND b.token IS NOT NULL AND d.due_us <= b.leased_us
GROUP BY d.state

-- name: waiting_planned
SELECT count(*)
FROM courier_batch b
JOIN courier_delivery d ON d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id
WHERE b.dispatch_id = :dispatch AND b.token IS NULL AND b.due_us > :now AND d.state = 'planned' AND d.due_us > :now

-- name: reasons
-- Why deliveries of a dispatch are where they are, in the words that were kept.
WITH range AS (
    SELECT min(first_id) AS first_id, max(last_id) AS last_id FROM courier_batch WHERE dispatch_id = :dispatch
)
SELECT d.state, d.reply, count(*) AS number
FROM range JOIN courier_delivery d ON d.id BETWEEN range.first_id AND range.last_id
WHERE +d.dispatch_id = :dispatch AND d.state NOT IN ('planned', 'accepted')
GROUP BY d.state, d.reply

-- name: listing
-- The deliveries of some batches that are in a state. `sending` as in the books.
SELECT d.attempts, d.reply, d.at_us, a.value AS address, e.message
FROM courier_batch b
JOIN courier_delivery d ON d.id BETWEEN b.first_id AND b.last_id AND +d.dispatch_id = b.dispatch_id
LEFT JOIN courier_edition e ON e.id = d.edition_id AND d.subscriber_id IS NULL
LEFT JOIN audience_address a ON a.id = d.address_id AND a.hash = d.address_hash
WHERE b.dispatch_id = :dispatch AND b.id BETWEEN :first AND :last
    AND CASE WHEN b.token IS NOT NULL AND d.due_us <= b.leased_us THEN 'sending' ELSE d.state END = :state
ORDER BY d.id

-- name: editions
-- How many readers each edition of a dispatch goes to.
WITH range AS (
    SELECT min(first_id) AS first_id, max(last_id) AS last_id FROM courier_batch WHERE dispatch_id = :dispatch
)
SELECT d.edition_id, count(*) AS number
FROM range JOIN courier_delivery d ON d.id BETWEEN range.first_id AND range.last_id
WHERE +d.dispatch_id = :dispatch
GROUP BY d.edition_id
ORDER BY number DESC, d.edition_id

-- name: in_digests
-- How those stand who are told of a post by digests.
SELECT t.dispatch_id, d.state, count(*) AS number
FROM courier_telling t
JOIN courier_dispatch p ON p.id = t.dispatch_id AND p.kind = 'digest'
JOIN courier_delivery d ON d.dispatch_id = t.dispatch_id AND d.channel = t.channel AND d.address_hash = t.address_hash
WHERE t.post_id = :post
GROUP BY t.dispatch_id, d.state
ORDER BY t.dispatch_id
