-- Codebases of projects, and what a change source has seen of their history.

CREATE TABLE codebases (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    project_id BIGINT NOT NULL REFERENCES projects (id),
    name TEXT NOT NULL,
    slug TEXT NOT NULL,
    UNIQUE (project_id, name)
);

CREATE TABLE codebase_commits (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    codebase_id BIGINT NOT NULL REFERENCES codebases (id) ON DELETE CASCADE,
    revision TEXT NOT NULL,
    author TEXT NOT NULL,
    committer TEXT,
    comments TEXT NOT NULL,
    when_us BIGINT NOT NULL,
    -- nothing for the first commit, and where the history before it was not looked at
    parent_commit_id BIGINT,
    UNIQUE (codebase_id, revision)
);

CREATE TABLE codebase_branches (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    codebase_id BIGINT NOT NULL REFERENCES codebases (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    -- the newest commit
    commit_id BIGINT REFERENCES codebase_commits (id) ON DELETE SET NULL,
    -- when it was last looked at
    last_us BIGINT NOT NULL,
    UNIQUE (codebase_id, name)
);
