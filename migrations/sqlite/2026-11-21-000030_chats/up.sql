-- What is said in chats: what has still to be said, and who wants to hear what.

CREATE TABLE chat_notices (
    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
    -- the name of the reporter
    chat TEXT NOT NULL,
    -- a channel or a person
    place TEXT NOT NULL,
    text TEXT NOT NULL,
    happened_at_us BIGINT NOT NULL
);

CREATE INDEX chat_notices_by_place ON chat_notices (chat, place, id);

CREATE TABLE chat_interests (
    chat TEXT NOT NULL,
    place TEXT NOT NULL,
    -- 'events': subject names them; 'build' and 'request': its id; 'muted'; 'channel': the bot was asked to join, subject
    -- is the key; 'left': the bot was asked to leave a channel of the configuration
    kind TEXT NOT NULL CHECK (kind IN ('events', 'build', 'request', 'muted', 'channel', 'left')),
    subject TEXT NOT NULL,
    PRIMARY KEY (chat, place, kind, subject)
);
