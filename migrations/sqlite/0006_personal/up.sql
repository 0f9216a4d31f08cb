-- Data keys: what is known of a person is sealed with keys of the person's own, and a key that is destroyed (`wrapped`
-- is emptied) makes every text unreadable that was sealed with it, in facts and in backups too.

-- `wrapped` is the key encrypted by the master key that `master_kid` names. The person nil stands for the division:
-- its key seals what is known of organisations, and is never destroyed.
CREATE TABLE data_key (
    person BLOB NOT NULL CHECK (length(person) = 16),
    id BLOB NOT NULL CHECK (length(id) = 16),
    wrapped TEXT,
    master_kid TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    shredded_at INTEGER,
    PRIMARY KEY (person, id),
    CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL)),
    CHECK (shredded_at IS NULL OR person <> x'00000000000000000000000000000000')
) STRICT, WITHOUT ROWID;
-- A key that was destroyed does not come back, and none is removed.
CREATE TRIGGER data_key_stays_destroyed BEFORE UPDATE ON data_key WHEN OLD.wrapped IS NULL BEGIN
    SELECT RAISE(ABORT, 'a destroyed data key refuses UPDATE');
END;
CREATE TRIGGER data_key_is_never_removed BEFORE DELETE ON data_key BEGIN
    SELECT RAISE(ABORT, 'data_key refuses DELETE');
END;

-- Since when what is known of a person is only kept and no longer used, and since when it is destroyed.
ALTER TABLE person ADD COLUMN restricted_at INTEGER;
ALTER TABLE person ADD COLUMN erased_at INTEGER;

-- What is kept for a time only is looked for by its age.
CREATE INDEX command_log_by_age ON command_log (at);
CREATE INDEX attempt_by_age ON attempt (at);
