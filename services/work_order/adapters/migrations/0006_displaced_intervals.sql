-- An interval that restates others is looked up by the time it covers.

CREATE INDEX machine_interval_by_end ON machine_interval (unit, end_at);
