-- What was sealed with the data keys cannot be read without them: only an empty list of keys is taken back.
CREATE TABLE no_data_key_may_be_lost (keys INTEGER NOT NULL CHECK (keys = 0)) STRICT;
INSERT INTO no_data_key_may_be_lost SELECT count(*) FROM data_key;
DROP TABLE no_data_key_may_be_lost;
DROP INDEX attempt_by_age;
DROP INDEX command_log_by_age;
ALTER TABLE person DROP COLUMN erased_at;
ALTER TABLE person DROP COLUMN restricted_at;
DROP TABLE data_key;
