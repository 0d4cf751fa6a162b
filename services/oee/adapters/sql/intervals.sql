-- name: timeline
-- Intervals of a unit from a time on; those shorter than the resolution drawn together by the time they begin in.
WITH told AS (
    SELECT
        start_ms, end_ms, end_ms - start_ms AS length_ms, coalesce(reason_code, split_part(reason, ' (', 1)) AS words,
        CASE
            WHEN split_part(reason, ' (', 1) IN ('blocked', 'starved', 'suspended')
                THEN CASE WHEN minor_stop THEN 'MINOR_WAITING' WHEN element = 'ADET' THEN 'WAITING' ELSE element END
            WHEN minor_stop THEN 'MINOR'
            ELSE element
        END AS kind
    FROM state_interval
    WHERE path = $1 AND start_ms < $3 AND end_ms > $2
        AND start_ms >= coalesce((SELECT max(start_ms) FROM state_interval WHERE path = $1 AND start_ms <= $2), $2)
), short AS (
    SELECT
        start_ms / greatest($4, 1) AS bucket, kind, min(start_ms) AS start_ms, max(end_ms) AS end_ms,
        sum(length_ms)::bigint AS length_ms, count(*) AS number, min(words) AS words
    FROM told WHERE length_ms < $4 GROUP BY bucket, kind
)
SELECT start_ms, end_ms, ARRAY[kind] AS kinds, ARRAY[length_ms] AS lengths_ms, 1 AS number, words
FROM told WHERE length_ms >= $4
UNION ALL
SELECT
    min(start_ms), max(end_ms), array_agg(kind ORDER BY kind), array_agg(length_ms ORDER BY kind), sum(number)::integer,
    CASE WHEN sum(number) = 1 THEN min(words) END
FROM short GROUP BY bucket
ORDER BY start_ms LIMIT $5;

-- name: meanings
-- What the intervals of units mean, each meaning once.
SELECT DISTINCT told.element, told.cause, told.reason_code, told.minor_stop
FROM unnest($1::text[], $2::bigint[]) AS unit (path, until_ms)
CROSS JOIN LATERAL (
    SELECT DISTINCT element, split_part(reason, ' (', 1) AS cause, reason_code, minor_stop FROM state_interval
    WHERE path = unit.path AND start_ms < unit.until_ms AND end_ms > $3
        AND start_ms >= coalesce(
            (SELECT max(start_ms) FROM state_interval WHERE path = unit.path AND start_ms <= $3), $3
        )
) AS told;

-- name: intervals_newest
-- Intervals of units with one of some meanings, the newest first.
SELECT told.*
FROM unnest($1::text[], $2::bigint[]) AS unit (path, until_ms)
CROSS JOIN LATERAL (
    SELECT * FROM state_interval
    WHERE path = unit.path AND start_ms < unit.until_ms AND end_ms > $3
        AND start_ms >= coalesce(
            (SELECT max(start_ms) FROM state_interval WHERE path = unit.path AND start_ms <= $3), $3
        )
        AND concat_ws('|', element, split_part(reason, ' (', 1), coalesce(reason_code, ''), minor_stop::text) = ANY ($4::text[])
        AND (start_ms, path) < ($5, $7)
    ORDER BY start_ms DESC LIMIT $8
) AS told
WHERE (told.start_ms, told.start_ms, told.path) < ($5, $6, $7)
ORDER BY told.start_ms DESC, told.path DESC LIMIT $8;

-- name: intervals_longest
-- Intervals of units with one of some meanings, the longest first.
SELECT told.*
FROM unnest($1::text[], $2::bigint[]) AS unit (path, until_ms)
CROSS JOIN LATERAL (
    SELECT * FROM state_interval
    WHERE path = unit.path AND start_ms < unit.until_ms AND end_ms > $3
        AND start_ms >= coalesce(
            (SELECT max(start_ms) FROM state_interval WHERE path = unit.path AND start_ms <= $3), $3
        )
        AND concat_ws('|', element, split_part(reason, ' (', 1), coalesce(reason_code, ''), minor_stop::text) = ANY ($4::text[])
        AND (end_ms - start_ms, start_ms, path) < ($5, $6, $7)
    ORDER BY end_ms - start_ms DESC, start_ms DESC LIMIT $8
) AS told
ORDER BY told.end_ms - told.start_ms DESC, told.start_ms DESC, told.path DESC LIMIT $8;

-- name: interval_at
-- The interval of a unit that an instant lies in.
SELECT * FROM state_interval WHERE path = $1 AND start_ms <= $2 AND end_ms > $2 ORDER BY start_ms DESC LIMIT 1;

-- name: window_at
-- The window of a unit that an instant lies in, as it was last said.
SELECT shift, shift_date, start_ms, end_ms, revision, status, event_id FROM kpi_window
WHERE path = $1 AND start_ms <= $2 AND end_ms > $2 ORDER BY start_ms DESC LIMIT 1;

-- name: words_over
-- What persons said about a stretch of time of a unit, the last word last.
SELECT id, document, actor, why, said_ms, is_taken FROM word
WHERE path = $1 AND kind = 'classification'
    AND (document ->> 'start_ms')::bigint < $3 AND (document ->> 'end_ms')::bigint > $2
ORDER BY said_ms, id;
