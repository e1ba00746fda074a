-- The scheduler that a Dependent follows, and the newest buildset when it began to.
ALTER TABLE schedulers ADD COLUMN upstream TEXT;
ALTER TABLE schedulers ADD COLUMN upstream_since BIGINT NOT NULL DEFAULT 0;
