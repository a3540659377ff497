-- name: relay_use
SELECT first_us, last_us, spent FROM courier_relayuse WHERE name = :name
FOR UPDATE

-- name: relay_begins
INSERT INTO courier_relayuse (name, first_us, last_us, spent) VALUES (:name, :now, :now, :spent)
ON CONFLICT (name) DO NOTHING

-- name: relay_used
UPDATE courier_relayuse SET first_us = :first, last_us = :last, spent = :spent WHERE name = :name

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
