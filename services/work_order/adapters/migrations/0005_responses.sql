-- How often a work request was answered.

ALTER TABLE work_request ADD COLUMN responses integer NOT NULL DEFAULT 0;
