-- name: page
-- Rows of a range of seq, of some types or all, cut by count and bytes; `found` tells whether there were more.
SELECT *
FROM (
    SELECT l.*,
        sum(l.size) OVER (ORDER BY l.seq) AS bytes,
        row_number() OVER (ORDER BY l.seq) AS position,
        count(*) OVER () AS found
    FROM (
        SELECT *
        FROM event_log
        WHERE seq BETWEEN $1 AND $2 AND ($3::text[] IS NULL OR type = ANY ($3))
        ORDER BY seq
        LIMIT $4 + 1
    ) l
) r
WHERE r.position <= $4 AND (r.bytes <= $5 OR r.position = 1)
ORDER BY r.seq;
