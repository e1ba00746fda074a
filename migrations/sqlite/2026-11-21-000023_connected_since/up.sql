-- Since when a worker is connected; if it is not, since when it is away.
ALTER TABLE workers ADD COLUMN connection_changed_at_us BIGINT;
