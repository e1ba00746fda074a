-- What the pages of single things read on large sites.

-- the builds that a build triggered
CREATE INDEX buildsets_by_parent ON buildsets (parent_build_id) WHERE parent_build_id IS NOT NULL;
-- the newest buildset of each scheduler
CREATE INDEX buildsets_by_scheduler ON buildsets (scheduler, id);
-- the list of changes by its filters
CREATE INDEX changes_by_branch ON changes (branch, id);
CREATE INDEX changes_by_author ON changes (author, id);
CREATE INDEX changes_by_repository ON changes (repository, id);
CREATE INDEX changes_by_project ON changes (project, id);
