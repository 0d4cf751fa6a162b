-- name: lock_work_master
-- One transaction at a time adds a version or changes a state; also before there is any.
SELECT pg_advisory_xact_lock(hashtextextended('work master ' || $1, 0));

-- name: versions
-- All versions of a work master.
SELECT state, document FROM work_master WHERE id = $1 ORDER BY version;

-- name: version
-- One version of a work master.
SELECT state, document FROM work_master WHERE id = $1 AND version = $2;

-- name: newest_version
-- The newest version of a work master.
SELECT state, document FROM work_master WHERE id = $1 ORDER BY version DESC LIMIT 1;

-- name: put_work_master
-- A new version, or another state of one.
INSERT INTO work_master (id, version, state, material, effective_from, effective_until, document, stored_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (id, version) DO UPDATE SET state = excluded.state;

-- name: page_of_work_masters
-- Versions after a given one, by id and version; at an instant the newest in force alone.
SELECT id, version, state, material, effective_from, effective_until, document, stored_at FROM work_master AS master
WHERE ($1::text IS NULL OR material = $1)
    AND ($2::text IS NULL OR state = $2)
    AND ($3::timestamptz IS NULL OR version = (
        SELECT max(used.version) FROM work_master AS used
        WHERE used.id = master.id AND used.state = 'Active'
            AND (used.effective_from IS NULL OR used.effective_from <= $3)
            AND (used.effective_until IS NULL OR used.effective_until > $3)))
    AND ($4::text IS NULL OR (id, version) > ($4, $5::integer))
    AND ($7::text IS NULL OR id = $7)
    AND ($8::text IS NULL
        OR strpos(lower(concat_ws(' ', id, material, document->>'description')), lower($8)) > 0)
ORDER BY id, version
LIMIT $6;
