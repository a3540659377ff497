-- Telling this database from its copies, see `epoch.py`.

-- name: epoch
SELECT lineage, number FROM courier_epoch
FOR UPDATE

-- name: set_epoch
UPDATE courier_epoch SET lineage = :lineage, number = :number

-- name: hold_what_plans_itself
UPDATE courier_epoch SET held = true

-- name: begin_epoch
INSERT INTO courier_epoch (lineage, number) VALUES (:lineage, :number)

-- name: move_epoch
UPDATE courier_epoch SET number = number + 1
RETURNING lineage, number

-- name: join_courier
UPDATE courier_courier SET joined = true WHERE id = :courier AND gone_us IS NULL

-- name: part_courier
UPDATE courier_courier SET joined = false WHERE id = :courier AND joined

-- name: joined_others
SELECT id, beat FROM courier_courier WHERE id <> :courier AND gone_us IS NULL AND joined
