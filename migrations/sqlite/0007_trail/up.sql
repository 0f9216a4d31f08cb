-- Checkpoints: what the trail was up to a record, signed, so that it can be kept where nobody of the database comes.

-- The fact. `root` is the Merkle root (RFC 6962) over the hashes of the first `size` records, `head` the hash of the last
-- of them, `statement` the same signed, as it is published.
CREATE TABLE audit_checkpoint (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number INTEGER NOT NULL CHECK (number > 0),
    size INTEGER NOT NULL CHECK (size > 0),
    root TEXT NOT NULL CHECK (length(root) = 64),
    head TEXT NOT NULL CHECK (length(head) = 64),
    at INTEGER NOT NULL,
    statement TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX audit_checkpoint_number ON audit_checkpoint (number);
CREATE UNIQUE INDEX audit_checkpoint_size ON audit_checkpoint (size);
CREATE TRIGGER audit_checkpoint_is_never_changed BEFORE UPDATE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_checkpoint refuses UPDATE');
END;
CREATE TRIGGER audit_checkpoint_is_never_removed BEFORE DELETE ON audit_checkpoint BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_checkpoint refuses DELETE');
END;

-- Merkle roots over 256 records each, from the first on, so that neither a checkpoint nor a proof reads the whole trail.
-- They follow from the records.
CREATE TABLE audit_block (
    number INTEGER PRIMARY KEY CHECK (number >= 0),
    root TEXT NOT NULL CHECK (length(root) = 64)
) STRICT;
CREATE TRIGGER audit_block_is_never_changed BEFORE UPDATE ON audit_block BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_block refuses UPDATE');
END;
CREATE TRIGGER audit_block_is_never_removed BEFORE DELETE ON audit_block BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_block refuses DELETE');
END;

-- The life of a voucher: the records about it, its redemption and its turn-in.
CREATE INDEX audit_record_of_subject ON audit_record (subject, seq);
