-- What is known of users beside the name that changes bear.

ALTER TABLE users ADD COLUMN bb_username TEXT;
-- salt and hash, never the password
ALTER TABLE users ADD COLUMN bb_password TEXT;

CREATE TABLE user_attributes (
    user_id BIGINT NOT NULL REFERENCES users (id),
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (user_id, name)
);
CREATE INDEX user_attributes_by_value ON user_attributes (name, value);
CREATE INDEX changes_by_user ON changes (user_id);
