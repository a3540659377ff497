-- name: relay_use
SELECT first_us, last_us, spent FROM courier_relayuse WHERE name = :name
FOR UPDATE

-- name: relay_begins
INSERT INTO courier_relayuse (name, first_us, last_us, spent) VALUES (:name, :now, :now, :spent)
ON CONFLICT (name) DO NOTHING

-- name: relay_used
UPDATE courier_relayuse SET first_us = :first, last_us = :last, spent = :spent WHERE name = :name
