-- name: load_units
-- Every saved unit.
SELECT path, document, emitted_until_ms FROM work_unit;

-- name: save_unit
-- A unit's state.
INSERT INTO work_unit (path, document, emitted_until_ms) VALUES ($1, $2::jsonb, $3)
ON CONFLICT (path) DO UPDATE SET document = excluded.document, emitted_until_ms = excluded.emitted_until_ms, saved_at = now();

-- name: emitted
-- Up to where the intervals of units were published.
UPDATE work_unit SET emitted_until_ms = told.until_ms
FROM unnest($1::text[], $2::bigint[]) AS told (path, until_ms) WHERE work_unit.path = told.path;

-- name: add_samples
-- Samples, before they are used.
INSERT INTO unit_sample (path, at_ms, channel, value, ordinal, baseline)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::text[], $4::numeric[], $5::integer[], $6::boolean[]);

-- name: load_samples
-- The samples that are in no document yet, in the order in which they came.
SELECT path, at_ms, channel, value, ordinal, baseline FROM unit_sample ORDER BY id;

-- name: last_sample
-- The newest sample there is.
SELECT coalesce(max(id), 0) FROM unit_sample;

-- name: forget_samples
-- Samples that are in the unit's document now.
DELETE FROM unit_sample WHERE path = $1 AND id <= $2;

-- name: add_mark
-- A job order begins or ceases to run at some units.
INSERT INTO job_mark (path, event_id, at_ms, ordinal, job_order, running, ideal_cycle_s, material)
SELECT path, $2, $3, $4, $5, $6, $7, $8 FROM unnest($1::text[]) AS unit (path)
ON CONFLICT (path, event_id) DO NOTHING;

-- name: load_marks
-- The marks of a unit from a time on, and the last state of every job order before it.
SELECT at_ms, ordinal, job_order, running, ideal_cycle_s, material FROM job_mark WHERE path = $1 AND at_ms >= $2
UNION ALL
SELECT * FROM (
    SELECT DISTINCT ON (job_order) at_ms, ordinal, job_order, running, ideal_cycle_s, material FROM job_mark
    WHERE path = $1 AND at_ms < $2 ORDER BY job_order, at_ms DESC, ordinal DESC
) AS before WHERE running;

-- name: marks_at
-- The marks of a unit at some times.
SELECT at_ms, ordinal, job_order, running, ideal_cycle_s, material FROM job_mark WHERE path = $1 AND at_ms = ANY ($2::bigint[]);

-- name: add_intervals
-- Intervals of the state logs of units; one that begins at the same time is restated, and one that is there already is left as it is.
INSERT INTO state_interval (
    path, start_ms, end_ms, element, reason, job_order, shift, source, reason_code, stop_reason, material, minor_stop, revision
)
SELECT * FROM unnest(
    $1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::bigint[],
    $11::text[], $12::boolean[], $13::integer[]
)
ON CONFLICT (path, start_ms) DO UPDATE SET
    end_ms = excluded.end_ms, element = excluded.element, reason = excluded.reason, job_order = excluded.job_order,
    shift = excluded.shift, source = excluded.source, reason_code = excluded.reason_code, stop_reason = excluded.stop_reason,
    material = excluded.material, minor_stop = excluded.minor_stop, revision = excluded.revision
WHERE (
    state_interval.end_ms, state_interval.element, state_interval.reason, state_interval.job_order, state_interval.shift,
    state_interval.source, state_interval.reason_code, state_interval.stop_reason, state_interval.material,
    state_interval.minor_stop
) IS DISTINCT FROM (
    excluded.end_ms, excluded.element, excluded.reason, excluded.job_order, excluded.shift, excluded.source,
    excluded.reason_code, excluded.stop_reason, excluded.material, excluded.minor_stop
)
RETURNING path, start_ms;

-- name: intervals_of_window
-- What was told of a stretch of time.
SELECT revision, start_ms, end_ms, element, reason, job_order, shift, source, reason_code, stop_reason, material, minor_stop
FROM state_interval WHERE path = $1 AND end_ms > $2 AND start_ms < $3 ORDER BY start_ms;

-- name: remove_intervals
-- Intervals that were restated.
DELETE FROM state_interval WHERE path = $1 AND start_ms = ANY ($2::bigint[]);

-- name: save_window
-- What was last said about a window.
INSERT INTO kpi_window (
    path, start_ms, end_ms, shift, revision, status, event_id, payload, shift_date, parts, samples, fingerprint
) VALUES ($1, $2, $3, $4, $5, $6, $7, $8::json, $9, $10::jsonb, $11::jsonb, $12)
ON CONFLICT (path, start_ms) DO UPDATE SET
    end_ms = excluded.end_ms, revision = excluded.revision, status = excluded.status, event_id = excluded.event_id,
    payload = excluded.payload, shift_date = excluded.shift_date, parts = excluded.parts,
    samples = coalesce(excluded.samples, kpi_window.samples), fingerprint = excluded.fingerprint;

-- name: add_revision
-- What was said about a window, kept for good.
INSERT INTO window_revision (path, start_ms, revision, status, payload) VALUES ($1, $2, $3, $4, $5::json)
ON CONFLICT (path, start_ms, revision, status) DO NOTHING;

-- name: archived
-- Final windows with what they were judged from.
SELECT shift, shift_date, start_ms, end_ms, revision, parts, samples, fingerprint FROM kpi_window
WHERE path = $1 AND end_ms > $2 AND start_ms < $3 AND status = 'final' AND samples IS NOT NULL
ORDER BY start_ms;

-- name: keep_samples
-- Samples of a final window that came later and changed nothing of what is said about it.
UPDATE kpi_window SET samples = $3::jsonb WHERE path = $1 AND start_ms = $2;

-- name: add_word
-- What a person said about a unit.
INSERT INTO word (id, path, kind, document, actor, why, said_ms) VALUES ($1, $2, $3, $4::jsonb, $5, $6, $7)
ON CONFLICT (id) DO NOTHING;

-- name: untaken_words
-- What persons said and no unit was judged with yet.
SELECT id, path, kind, document, actor, why, said_ms FROM word WHERE NOT is_taken ORDER BY said_ms, id;

-- name: take_words
-- Units were judged with these words.
UPDATE word SET is_taken = true WHERE id = ANY ($1::text[]);

-- name: window_event
-- The event that last spoke of a window.
SELECT event_id FROM kpi_window WHERE path = $1 AND start_ms = $2;

-- name: page_intervals
-- Intervals of a unit in order of time.
SELECT start_ms, end_ms, element, reason, job_order, shift, revision, source, reason_code, stop_reason, material, minor_stop FROM state_interval
WHERE path = $1 AND end_ms > $2 AND start_ms < $3 AND start_ms > $4
ORDER BY start_ms LIMIT $5;

-- name: page_windows
-- Windows at or below a place, newest first.
SELECT path, start_ms, payload, status FROM kpi_window
WHERE (path = $1 OR starts_with(path, $1 || '/')) AND (start_ms, path) < ($2, $3)
ORDER BY start_ms DESC, path DESC LIMIT $4;

-- name: page_revisions
-- Everything that was said about windows at or below a place, newest first.
SELECT id, path, payload FROM window_revision
WHERE (path = $1 OR starts_with(path, $1 || '/')) AND id < $2 AND start_ms >= $4 AND start_ms < $5 AND revision > $6
ORDER BY id DESC LIMIT $3;

-- name: parts
-- Elements and counts of windows at or below a place.
SELECT path, shift, shift_date, start_ms, end_ms, status, revision, parts, payload FROM kpi_window
WHERE (path = $1 OR starts_with(path, $1 || '/')) AND end_ms > $2 AND start_ms < $3 ORDER BY start_ms, path;
