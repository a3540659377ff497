-- Written in sets: one statement for a thousand readers.

-- name: end
-- Compare and swap: whatever changes a reader's digests changes when the next is due. In the order of the table.
UPDATE audience_subscriber
SET digest_due_us = CAST(given.value ->> 2 AS bigint), digested_us = CAST(given.value ->> 3 AS bigint)
FROM {rows:turns}
WHERE audience_subscriber.id = CAST(given.value ->> 0 AS bigint) AND audience_subscriber.digest_due_us = CAST(given.value ->> 1 AS bigint)
