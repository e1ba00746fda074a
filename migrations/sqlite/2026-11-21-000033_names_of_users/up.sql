-- Whoever goes by a name, whatever kind of name it is.
CREATE INDEX user_attributes_by_any_value ON user_attributes (value);
