-- Data keys: what is known of a person is sealed with keys of the person's own, and a key that is destroyed (`wrapped`
-- is emptied) makes every text unreadable that was sealed with it, in facts and in backups too.

-- `wrapped` is the key encrypted by the master key that `master_kid` names. The person nil stands for the division:
-- its key seals what is known of organisations, and is never destroyed.
CREATE TABLE data_key (
    person UUID NOT NULL,
    id UUID NOT NULL,
    wrapped TEXT,
    master_kid TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    shredded_at BIGINT,
    PRIMARY KEY (person, id),
    CHECK ((wrapped IS NULL) = (shredded_at IS NOT NULL)),
    CHECK (shredded_at IS NULL OR person <> '00000000-0000-0000-0000-000000000000')
);
-- A key that was destroyed does not come back, and none is removed.
CREATE FUNCTION refuse_change_of_data_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'data_key: a destroyed key refuses UPDATE, and every key DELETE and TRUNCATE';
END
$$;
CREATE TRIGGER data_key_stays_destroyed BEFORE UPDATE ON data_key FOR EACH ROW WHEN (OLD.wrapped IS NULL)
    EXECUTE FUNCTION refuse_change_of_data_key();
CREATE TRIGGER data_key_is_never_removed BEFORE DELETE ON data_key FOR EACH ROW
    EXECUTE FUNCTION refuse_change_of_data_key();
CREATE TRIGGER data_key_is_never_emptied BEFORE TRUNCATE ON data_key FOR EACH STATEMENT
    EXECUTE FUNCTION refuse_change_of_data_key();

-- Since when what is known of a person is only kept and no longer used, and since when it is destroyed.
ALTER TABLE person ADD COLUMN restricted_at BIGINT;
ALTER TABLE person ADD COLUMN erased_at BIGINT;

-- What is kept for a time only is looked for by its age. Rows stand in the order of their age, so that a summary of
-- each range of pages is enough, and writing costs next to nothing.
CREATE INDEX command_log_by_age ON command_log USING brin (at);
CREATE INDEX attempt_by_age ON attempt USING brin (at);
