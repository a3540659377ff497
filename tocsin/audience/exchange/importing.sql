-- Importing many people. Rows are gathered in temporary tables first, which locks nobody out; then chunk after chunk is written
-- in short transactions, each a few statements over sets, the same on SQLite and PostgreSQL but for what has two names below.

-- name: drop_staged
DROP TABLE IF EXISTS import_staged

-- name: drop_wished
DROP TABLE IF EXISTS import_wished

-- name: drop_rhythm
DROP TABLE IF EXISTS import_rhythm

-- name: drop_planned
DROP TABLE IF EXISTS import_planned

-- name: drop_chunk
DROP TABLE IF EXISTS import_chunk

-- name: create_staged
-- The good rows as they come. Column types are taken from the real tables.
CREATE TEMPORARY TABLE import_staged AS
SELECT a.id AS line, a.hash, s.public_id, a.value, s.name, a.is_disposable AS disposable, a.id AS wish, a.id AS standing, s.language, s.time_zone, a.id AS rhythm, s.paused_until, c.how AS details, c.ip
FROM audience_address a CROSS JOIN audience_subscriber s CROSS JOIN audience_consent c WHERE 1 = 0

-- name: create_wished
-- What the rows ask for; rows that ask for the same share one `wish`.
CREATE TEMPORARY TABLE import_wished AS
SELECT id AS wish, followable_id, cadence FROM audience_subscription WHERE 1 = 0

-- name: create_rhythm
-- When they are told; rows that say the same share one `rhythm`. NULL: nothing is said.
CREATE TEMPORARY TABLE import_rhythm AS
SELECT id AS rhythm, digest_hour, digest_weekday, quiet_from, quiet_until, alerts, uncounted FROM audience_subscriber WHERE 1 = 0

-- name: stage
-- SQLite only.
INSERT INTO import_staged (line, hash, public_id, value, name, disposable, wish, standing, language, time_zone, rhythm, paused_until, details, ip)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, nullif(%s, ''), %s, nullif(%s, ''))

-- name: copy
-- PostgreSQL only.
COPY import_staged (line, hash, public_id, value, name, disposable, wish, standing, language, time_zone, rhythm, paused_until, details, ip) FROM STDIN

-- name: wish
INSERT INTO import_wished (wish, followable_id, cadence) VALUES (%s, %s, %s)

-- name: keep_rhythm
INSERT INTO import_rhythm (rhythm, digest_hour, digest_weekday, quiet_from, quiet_until, alerts, uncounted)
VALUES (%s, %s, %s, %s, %s, %s, %s)

-- name: plan_sqlite
-- One row per address, in the order of the hash: the row that says the worst (an unsubscription is never overruled), of those the
-- first. Columns beside max() are those of the row that has it (sqlite.org/lang_select.html, "bare columns").
INSERT INTO import_planned (line, hash, public_id, value, name, disposable, wish, standing, language, time_zone, rhythm, paused_until, details, ip)
SELECT line, hash, public_id, value, name, disposable, wish, standing, language, time_zone, rhythm, paused_until, details, ip FROM (
    SELECT import_staged.*, max(standing * 1000000000000 - line) FROM import_staged GROUP BY hash
) ORDER BY hash

-- name: create_planned_sqlite
CREATE TEMPORARY TABLE import_planned (
    place INTEGER PRIMARY KEY, line, hash, public_id, value, name, disposable, wish, standing, language, time_zone, rhythm, paused_until, details, ip
)

-- name: plan_postgresql
INSERT INTO import_planned
SELECT row_number() OVER (ORDER BY hash), once.* FROM (
    SELECT DISTINCT ON (hash) * FROM import_staged ORDER BY hash, standing DESC, line
) AS once

-- name: create_planned_postgresql
CREATE TEMPORARY TABLE import_planned AS SELECT CAST(0 AS bigint) AS place, import_staged.* FROM import_staged WHERE 1 = 0

-- name: index_planned
CREATE UNIQUE INDEX planned_place ON import_planned (place)

-- name: analyze_planned
ANALYZE import_planned

-- name: count_planned
SELECT count(*) FROM import_planned

-- name: place_after
-- How far an import had come that had written everything up to this hash.
SELECT count(*) FROM import_planned WHERE hash <= %(after)s

-- name: judged
-- What is to become of each. new, pending: subscribed; active, own: left as they are (own: they subscribed here themselves, whatever
-- another list says); left: must not be written to; part, unconfirmed: did not ask for this; suppress: must not be from now on.
SELECT p.*, s.id AS subscriber, s.status AS status, CASE
    WHEN x.id IS NOT NULL THEN 'left'
    WHEN p.standing >= 3 THEN CASE
        WHEN s.status = 'active' AND EXISTS (
            SELECT 1 FROM audience_consent c WHERE c.subscriber_id = s.id AND c.event = 'confirmed'
        ) THEN 'own'
        ELSE 'suppress' END
    WHEN s.status = 'active' THEN 'active'
    WHEN p.standing = 2 THEN 'unconfirmed'
    WHEN p.standing = 1 THEN 'part'
    WHEN s.id IS NULL THEN 'new'
    WHEN s.status = 'pending' THEN 'pending'
    ELSE 'left' END AS fate
FROM import_planned p
LEFT JOIN audience_address a ON a.channel = 'email' AND a.hash = p.hash
LEFT JOIN audience_subscriber s ON s.id = a.subscriber_id
LEFT JOIN audience_suppression x ON x.channel = 'email' AND x.address_hash = p.hash

-- name: count_fates
SELECT fate, standing, count(*) FROM ({judged}) AS judged GROUP BY fate, standing

-- name: list_fates
-- Everybody but those who stay as they are, in the order of the file.
SELECT line, value, name, fate, standing FROM ({judged}) AS judged WHERE fate <> 'active' ORDER BY line

-- name: lock
-- PostgreSQL only: nobody subscribes, confirms or leaves between judging and writing. Reading goes on.
LOCK TABLE audience_subscriber, audience_address, audience_suppression IN EXCLUSIVE MODE

-- name: analyze_audience
-- PostgreSQL only: an audience that was empty a moment ago is thought to be still.
ANALYZE audience_subscriber, audience_address, audience_suppression

-- name: one_by_one
-- PostgreSQL only: whoever is in a chunk is found by an index, and the size of the audience does not matter. By its own estimate it
-- would read all addresses and all subscribers for every chunk.
SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off

-- name: as_usual
-- PostgreSQL only.
SET LOCAL enable_hashjoin TO DEFAULT; SET LOCAL enable_mergejoin TO DEFAULT

-- name: take
CREATE TEMPORARY TABLE import_chunk AS {judged} WHERE p.place > %(after)s AND p.place <= %(until)s ORDER BY p.line

-- name: count_chunk
SELECT fate, standing, count(*) FROM import_chunk GROUP BY fate, standing

-- name: last_of_chunk
SELECT hash FROM import_planned WHERE place = %(until)s

-- name: number_sqlite
UPDATE import_chunk SET subscriber = rowid + (
    SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE name = 'audience_subscriber'
) WHERE fate = 'new'

-- name: number_postgresql
UPDATE import_chunk SET subscriber = nextval(pg_get_serial_sequence('audience_subscriber', 'id')) WHERE fate = 'new'

-- name: add_subscribers
INSERT INTO audience_subscriber (
    id, public_id, name, status, language, time_zone, digest_hour, digest_weekday, quiet_from, quiet_until, alerts, uncounted,
    paused_until, source, created_at
)
SELECT subscriber, public_id, name, 'active', coalesce(nullif(language, ''), %(language)s), time_zone,
    digest_hour, digest_weekday, quiet_from, quiet_until, coalesce(alerts, TRUE), coalesce(uncounted, FALSE),
    paused_until, 'import', %(now)s
FROM import_chunk JOIN import_rhythm ON import_rhythm.rhythm = import_chunk.rhythm WHERE fate = 'new' ORDER BY line

-- name: activate_pending
-- What the file does not say of their time zone and hours stays as it was. Quiet hours are both said or neither.
UPDATE audience_subscriber SET status = 'active', source = 'import', name = import_chunk.name,
    paused_until = import_chunk.paused_until,
    time_zone = coalesce(nullif(import_chunk.time_zone, ''), audience_subscriber.time_zone),
    digest_hour = coalesce(import_rhythm.digest_hour, audience_subscriber.digest_hour),
    digest_weekday = coalesce(import_rhythm.digest_weekday, audience_subscriber.digest_weekday),
    quiet_from = coalesce(import_rhythm.quiet_from, audience_subscriber.quiet_from),
    quiet_until = coalesce(import_rhythm.quiet_until, audience_subscriber.quiet_until),
    alerts = coalesce(import_rhythm.alerts, audience_subscriber.alerts),
    uncounted = coalesce(import_rhythm.uncounted, audience_subscriber.uncounted),
    digest_due_us = 0, digested_us = 0
FROM import_chunk JOIN import_rhythm ON import_rhythm.rhythm = import_chunk.rhythm
WHERE import_chunk.subscriber = audience_subscriber.id AND import_chunk.fate = 'pending'

-- name: confirm_pending
UPDATE audience_address SET confirmed_at = %(now)s
WHERE channel = 'email' AND hash IN (SELECT hash FROM import_chunk WHERE fate = 'pending')

-- name: clear_pending
DELETE FROM audience_subscription WHERE subscriber_id IN (SELECT subscriber FROM import_chunk WHERE fate = 'pending')

-- name: add_addresses
INSERT INTO audience_address (subscriber_id, channel, value, hash, is_disposable, confirmed_at)
SELECT subscriber, 'email', value, hash, disposable, %(now)s FROM import_chunk WHERE fate = 'new' ORDER BY line

-- name: add_subscriptions
INSERT INTO audience_subscription (subscriber_id, followable_id, cadence, created_at)
SELECT import_chunk.subscriber, import_wished.followable_id, import_wished.cadence, %(now)s
FROM import_chunk JOIN import_wished ON import_wished.wish = import_chunk.wish
WHERE import_chunk.fate IN ('new', 'pending') ORDER BY import_chunk.line

-- name: add_consents
INSERT INTO audience_consent (subscriber_id, address_hash, event, text_id, ip, how, at)
SELECT subscriber, hash, 'imported', %(text)s, ip,
    CAST(%(source)s AS text) || ', line ' || CAST(line AS text) || CASE details WHEN '' THEN '' ELSE '; ' || details END, %(now)s
FROM import_chunk WHERE fate IN ('new', 'pending') ORDER BY line

-- name: suppress
INSERT INTO audience_suppression (channel, address_hash, reason, detail, at)
SELECT 'email', hash,
    CASE standing WHEN 3 THEN 'unsubscribed' WHEN 4 THEN 'bounced' WHEN 5 THEN 'complained' ELSE 'manual' END,
    CAST(%(source)s AS text) || ', line ' || CAST(line AS text), %(now)s
FROM import_chunk WHERE fate = 'suppress' ORDER BY line

-- name: record_leaving
INSERT INTO audience_consent (subscriber_id, address_hash, event, text_id, how, at)
SELECT subscriber, hash, 'withdrawn', NULL, CAST(%(source)s AS text) || ', line ' || CAST(line AS text), %(now)s
FROM import_chunk WHERE fate = 'suppress' AND standing = 3 AND status = 'active' ORDER BY line

-- name: leave
UPDATE audience_subscriber SET status = 'left'
WHERE id IN (SELECT subscriber FROM import_chunk WHERE fate = 'suppress' AND standing = 3 AND status = 'active')

-- name: keep_choices
INSERT INTO audience_pastchoice (subscriber_id, followable_id, cadence, began_at, ended_at)
SELECT subscriber_id, followable_id, cadence, coalesce(paced_at, created_at), %(now)s FROM audience_subscription
WHERE subscriber_id IN (SELECT subscriber FROM import_chunk WHERE fate = 'suppress' AND standing = 3 AND status = 'active')

-- name: unfollow
DELETE FROM audience_subscription
WHERE subscriber_id IN (SELECT subscriber FROM import_chunk WHERE fate = 'suppress' AND standing = 3 AND status = 'active')
