-- The facts digests are planned from, some thousand readers at a time. Read as they are: making objects of them would take longer
-- than all the rest.

-- name: readers
-- Those whose digests are still due, and their mailboxes.
SELECT s.id, s.status, s.paused_until IS NOT NULL AND s.paused_until > %(now)s, s.digest_due_us, s.digested_us, s.time_zone,
    s.digest_hour, s.digest_weekday, s.quiet_from, s.quiet_until, s.language, a.id,
    EXISTS (SELECT 1 FROM audience_suppression x WHERE x.channel = a.channel AND x.address_hash = a.hash)
FROM audience_subscriber s
LEFT JOIN audience_address a ON a.subscriber_id = s.id AND a.channel = 'email' AND a.confirmed_at IS NOT NULL
WHERE s.id {among:readers} AND s.digest_due_us <= %(now_us)s
ORDER BY s.id

-- name: followings
-- What they follow, at what pace, since when. Nobody follows anything before their address is confirmed.
SELECT subscriber_id, followable_id, cadence, {us:since}
FROM (
    SELECT f.id, f.subscriber_id, f.followable_id, f.cadence,
        CASE WHEN f.created_at < a.confirmed_at THEN a.confirmed_at ELSE f.created_at END AS since
    FROM audience_subscription f
    JOIN audience_address a ON a.subscriber_id = f.subscriber_id AND a.channel = 'email' AND a.confirmed_at IS NOT NULL
    WHERE f.subscriber_id {among:readers}
) AS followed

-- name: told
-- Of which of some posts the readers of some addresses were told. CROSS JOIN: SQLite must begin with the addresses.
SELECT a.id, t.post_id
FROM audience_address a CROSS JOIN courier_telling t
WHERE a.id {among:addresses} AND t.channel = a.channel AND t.address_hash = a.hash AND t.post_id {among:posts}
