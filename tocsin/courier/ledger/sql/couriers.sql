-- Couriers among couriers, see `couriers.py`.

-- name: register
INSERT INTO courier_courier (id, host, boot, pid, beat, started_us, joined)
VALUES (:courier, :host, :boot, :pid, 0, :now, false)
ON CONFLICT (id) DO NOTHING

-- name: knows
SELECT id FROM courier_courier WHERE id = :courier

-- name: forget_couriers
DELETE FROM courier_courier WHERE gone_us < :before AND NOT EXISTS (
    SELECT 1 FROM courier_batch b WHERE b.courier_id = courier_courier.id
)

-- name: beat
UPDATE courier_courier SET beat = beat + 1 WHERE id = :courier AND gone_us IS NULL

-- name: enlisted
-- Whether a courier is not given up. The lock keeps whoever wants to bury it waiting until its claim is committed.
SELECT id FROM courier_courier WHERE id = :courier AND gone_us IS NULL
FOR SHARE

-- name: others
SELECT id, host, boot, pid, beat FROM courier_courier WHERE id <> :courier AND gone_us IS NULL

-- name: bury
-- Compare and swap: a courier that beat again after we looked is alive.
UPDATE courier_courier SET gone_us = :now
WHERE id = :courier AND gone_us IS NULL AND (CAST(:beat AS bigint) IS NULL OR beat = CAST(:beat AS bigint))
