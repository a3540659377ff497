-- Importing many people in one short transaction. Rows are gathered in temporary tables first, which locks nothing;
-- then everything is a few statements over sets, the same on SQLite and PostgreSQL.

-- name: drop_staged
DROP TABLE IF EXISTS staged

-- name: drop_wished
DROP TABLE IF EXISTS wished

-- name: create_staged
-- Column types are taken from the real tables. `fate` is filled in by `sort`, `subscriber` by `number`.
CREATE TEMPORARY TABLE staged AS
SELECT a.id AS line, a.value, a.hash, s.public_id, s.name, a.id AS wish, s.status AS fate, s.id AS subscriber
FROM audience_address a CROSS JOIN audience_subscriber s WHERE 1 = 0

-- name: index_staged
CREATE UNIQUE INDEX staged_once ON staged (hash)

-- name: create_wished
-- What the rows ask for; rows that ask for the same share one `wish`.
CREATE TEMPORARY TABLE wished AS
SELECT id AS wish, followable_id, cadence FROM audience_subscription WHERE 1 = 0

-- name: stage
INSERT INTO staged (line, value, hash, public_id, name, wish) VALUES {rows} ON CONFLICT (hash) DO NOTHING

-- name: wish
INSERT INTO wished (wish, followable_id, cadence) VALUES (%s, %s, %s)

-- name: lock
-- PostgreSQL only: nobody subscribes, confirms or leaves between sorting and writing. Reading goes on.
LOCK TABLE audience_subscriber, audience_address, audience_suppression IN EXCLUSIVE MODE

-- name: sort
-- active: subscribed already; left: never revived; pending: asked, not confirmed; new: nobody we know.
UPDATE staged SET fate = CASE
    WHEN EXISTS (SELECT 1 FROM audience_suppression x WHERE x.channel = 'email' AND x.address_hash = staged.hash)
        THEN 'left'
    ELSE coalesce(
        (SELECT s.status FROM audience_address a JOIN audience_subscriber s ON s.id = a.subscriber_id
         WHERE a.channel = 'email' AND a.hash = staged.hash),
        'new')
    END

-- name: count
SELECT fate, count(*) FROM staged GROUP BY fate

-- name: recognise_pending
UPDATE staged SET public_id = (
    SELECT s.public_id FROM audience_address a JOIN audience_subscriber s ON s.id = a.subscriber_id
    WHERE a.channel = 'email' AND a.hash = staged.hash
) WHERE fate = 'pending'

-- name: add_subscribers
INSERT INTO audience_subscriber (public_id, name, status, language, time_zone, paused_until, source, created_at)
SELECT public_id, name, 'active', %(language)s, '', NULL, 'import', %(now)s
FROM staged WHERE fate = 'new' ORDER BY line

-- name: number
UPDATE staged SET subscriber = s.id
FROM audience_subscriber s
WHERE s.public_id = staged.public_id AND staged.fate IN ('new', 'pending')

-- name: activate_pending
UPDATE audience_subscriber SET status = 'active', source = 'import', paused_until = NULL, name = staged.name
FROM staged
WHERE staged.subscriber = audience_subscriber.id AND staged.fate = 'pending'

-- name: confirm_pending
UPDATE audience_address SET confirmed_at = %(now)s
WHERE channel = 'email' AND hash IN (SELECT hash FROM staged WHERE fate = 'pending')

-- name: clear_pending
DELETE FROM audience_subscription WHERE subscriber_id IN (SELECT subscriber FROM staged WHERE fate = 'pending')

-- name: add_addresses
INSERT INTO audience_address (subscriber_id, channel, value, hash, confirmed_at)
SELECT subscriber, 'email', value, hash, %(now)s FROM staged WHERE fate = 'new' ORDER BY line

-- name: add_subscriptions
INSERT INTO audience_subscription (subscriber_id, followable_id, cadence, created_at)
SELECT staged.subscriber, wished.followable_id, wished.cadence, %(now)s
FROM staged JOIN wished ON wished.wish = staged.wish
WHERE staged.fate IN ('new', 'pending') ORDER BY staged.line

-- name: add_consents
INSERT INTO audience_consent (subscriber_id, address_hash, event, text_id, how, at)
SELECT subscriber, hash, 'imported', %(text)s, CAST(%(source)s AS text) || ', line ' || CAST(line AS text), %(now)s
FROM staged WHERE fate IN ('new', 'pending') ORDER BY line
