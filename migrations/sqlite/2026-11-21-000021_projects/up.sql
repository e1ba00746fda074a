-- Projects, which group builders; and builders that are only shown (virtual ones).

CREATE TABLE projects (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    name TEXT NOT NULL UNIQUE,
    slug TEXT NOT NULL,
    description TEXT,
    description_format TEXT,
    -- what the description looks like; safe to be put into a page
    description_html TEXT,
    -- whether the configuration in force has it
    active SMALLINT NOT NULL DEFAULT 0
);

ALTER TABLE builders ADD COLUMN description_format TEXT;
ALTER TABLE builders ADD COLUMN description_html TEXT;
ALTER TABLE builders ADD COLUMN project_id BIGINT REFERENCES projects (id);
-- The builder of the configuration that built last for this one, if this one is only shown.
ALTER TABLE builders ADD COLUMN base_builder_id BIGINT REFERENCES builders (id);

CREATE INDEX builders_by_project ON builders (project_id) WHERE project_id IS NOT NULL;
CREATE INDEX builders_by_base ON builders (base_builder_id) WHERE base_builder_id IS NOT NULL;
