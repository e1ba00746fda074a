-- What pages read on large sites without looking at every build.

-- the waterfall's range of time
CREATE INDEX builds_by_start ON builds (started_at_us);
-- the newest finished build of each builder, without opening its row
CREATE INDEX builds_by_number ON builds (builder_id, number, results);
-- the last good and the first bad build of a builder
CREATE INDEX builds_by_results ON builds (builder_id, results, number);
-- what waits, for REST; the pages' condition is served by build_requests_by_claim
CREATE INDEX build_requests_unclaimed ON build_requests (id) WHERE claimed_at_us IS NULL;
CREATE INDEX buildsets_by_submission ON buildsets (submitted_at_us);
CREATE INDEX worker_builders_by_builder ON worker_builders (builder_id);
