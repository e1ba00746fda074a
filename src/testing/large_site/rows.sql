-- A site with a long history, made from the one row of `size`: builds, builders, workers, changes, waiting, running,
-- scheduler, master and now_us. Builders and workers are there already, with ids that count from 1.

-- Half of all builds are of the fifty busiest builders; the others spread over all. A build a minute.
CREATE TEMP TABLE plan AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT builds FROM size)),
placed AS (
    SELECT i, size.*, i > builds - running AS is_running,
           CASE WHEN i % 2 = 0 THEN 1 + (i / 2) % min(50, builders) ELSE 1 + (i / 2 * 7) % builders END AS builder
    FROM n, size
)
SELECT i, builder, is_running, master,
       row_number() OVER (PARTITION BY builder ORDER BY i) AS number,
       1 + (builder * 4 + i % 4) % workers AS worker,
       1 + i % changes AS change,
       CASE WHEN is_running THEN now_us - (builds - i + 1) * 23000000
            ELSE now_us - 3600000000 - (builds - i) * 60000000 END AS started_us,
       (30 + (builder * 37 + i * 11) % 900) * 1000000 AS took_us,
       CASE WHEN is_running THEN NULL
            WHEN builder % 60 = 7 OR i % 37 = 0 THEN 2
            WHEN i % 29 = 0 THEN 1
            WHEN i % 211 = 0 THEN 4
            WHEN i % 307 = 0 THEN 6
            ELSE 0 END AS results
FROM placed;

WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)
INSERT INTO users (id, identifier) SELECT i, printf('Person %d <person%d@example.org>', i, i) FROM n;

CREATE TEMP TABLE numbers AS
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT changes FROM size))
SELECT i, printf('%08x%08x%08x%08x%08x', i * 2654435761 % 4294967296, i * 40503 % 4294967296, i, i * 69069 % 4294967296,
                 i * 1664525 % 4294967296) AS revision,
       CASE i % 5 WHEN 0 THEN 'release/' || (i % 7) ELSE 'main' END AS branch,
       now_us - (changes - i) * 300000000 AS when_us
FROM n, size;

INSERT INTO source_stamps (id, digest, codebase, repository, project, branch, revision, created_at_us)
SELECT i, printf('%064d', i), '', 'https://git.example.org/atlas.git', 'atlas', branch, revision, when_us FROM numbers;

INSERT INTO changes (id, source_stamp_id, parent_change_id, author, comments, files, revision, branch, category, revlink,
                     repository, project, codebase, properties, when_us, user_id, source, delivery_key)
SELECT i, i, nullif(i - 1, 0), printf('Person %d <person%d@example.org>', 1 + i % 200, 1 + i % 200),
       'Change number ' || i || char(10, 10) || 'It says why in a second paragraph.',
       json_array('src/module_' || (i % 300) || '.c', 'docs/page_' || (i % 40) || '.md'), revision, branch, NULL,
       'https://git.example.org/atlas/commit/' || revision, 'https://git.example.org/atlas.git', 'atlas', '', '{}', when_us,
       1 + i % 200, 'poller', 'change-' || i
FROM numbers;

INSERT INTO buildsets (id, scheduler, reason, submitted_at_us, complete_at_us, results)
SELECT i, scheduler, 'The scheduler saw change ' || change, started_us - 20000000,
       CASE WHEN is_running THEN NULL ELSE started_us + took_us END, results
FROM plan, (SELECT scheduler FROM size);

INSERT INTO buildset_properties (buildset_id, name, value, source)
SELECT i, 'scheduler', json_quote(scheduler), 'Scheduler' FROM plan, (SELECT scheduler FROM size);
INSERT INTO buildset_stamps (buildset_id, source_stamp_id) SELECT i, change FROM plan;
INSERT INTO buildset_changes (buildset_id, change_id) SELECT i, change FROM plan;

INSERT INTO build_requests (id, buildset_id, builder_id, submitted_at_us, claimed_by, claimed_epoch, claimed_at_us,
                            complete_at_us, results)
SELECT i, i, builder, started_us - 20000000, master, 1, started_us,
       CASE WHEN is_running THEN NULL ELSE started_us + took_us END, results
FROM plan;

INSERT INTO builds (id, number, builder_id, request_id, worker_id, master_id, epoch, started_at_us, complete_at_us,
                    results, state_string)
SELECT i, number, builder, i, worker, master, 1, started_us,
       CASE WHEN is_running THEN NULL ELSE started_us + took_us END, results,
       CASE WHEN is_running THEN 'compiling' WHEN results = 2 THEN 'failed test' WHEN results = 1 THEN 'warnings compile'
            WHEN results = 0 THEN 'build successful' ELSE 'interrupted' END
FROM plan;

INSERT INTO build_build_requests (build_id, request_id) SELECT i, i FROM plan;

WITH wanted(name, source) AS (VALUES ('branch', 'Build'), ('revision', 'Build'), ('got_revision', 'Git'),
                                     ('workername', 'Worker'), ('buildnumber', 'Build'), ('scheduler', 'Scheduler'))
INSERT INTO build_properties (build_id, name, value, source)
SELECT plan.i, wanted.name,
       CASE wanted.name WHEN 'branch' THEN json_quote(branch) WHEN 'revision' THEN json_quote(revision)
                        WHEN 'got_revision' THEN json_quote(revision) WHEN 'workername' THEN json_quote('worker-' || worker)
                        WHEN 'buildnumber' THEN json_quote(number) ELSE '"all"' END,
       wanted.source
FROM plan JOIN numbers ON numbers.i = plan.change, wanted;

-- Five steps a build, each a fifth of its time; the fourth fails if the build does, and the fifth is skipped then.
WITH step(k, name) AS (VALUES (0, 'git'), (1, 'configure'), (2, 'compile'), (3, 'test'), (4, 'upload'))
INSERT INTO steps (id, number, name, build_id, started_at_us, locks_acquired_at_us, complete_at_us, results, state_string)
SELECT (i - 1) * 5 + k + 1, k, name, i, started_us + k * took_us / 5, started_us + k * took_us / 5,
       CASE WHEN is_running AND k = 2 THEN NULL ELSE started_us + (k + 1) * took_us / 5 END,
       CASE WHEN is_running AND k = 2 THEN NULL WHEN results = 2 AND k = 3 THEN 2 WHEN results = 2 AND k = 4 THEN 3
            WHEN results = 1 AND k = 2 THEN 1 ELSE 0 END,
       CASE WHEN is_running AND k = 2 THEN 'compiling' WHEN results = 2 AND k = 3 THEN 'test: 3 of 812 failed'
            WHEN results = 2 AND k = 4 THEN 'upload skipped' ELSE name || ' done' END
FROM plan, step
WHERE NOT is_running OR k < 3;

INSERT INTO logs (id, step_id, name, slug, kind, complete)
SELECT id, id, 'stdio', 'stdio', 's', complete_at_us IS NOT NULL FROM steps;

-- What waits.
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < (SELECT waiting FROM size))
INSERT INTO buildsets (id, scheduler, reason, submitted_at_us)
SELECT builds + i, scheduler, 'The scheduler saw change ' || (changes - i % 50), now_us - i * 7000000 FROM n, size;
INSERT INTO build_requests (id, buildset_id, builder_id, priority, submitted_at_us)
SELECT id, id, 1 + id * 7 % builders, id % 3, submitted_at_us FROM buildsets, size WHERE id > builds;
INSERT INTO buildset_stamps (buildset_id, source_stamp_id)
SELECT id, changes - id % 50 FROM buildsets, size WHERE id > builds;

-- Nobody is to build all of this again.
UPDATE schedulers SET last_change_id = (SELECT changes FROM size);
UPDATE builders SET last_build_number = coalesce((SELECT max(number) FROM plan WHERE builder = builders.id), 0);

DROP TABLE plan;
DROP TABLE numbers;
DROP TABLE size;
