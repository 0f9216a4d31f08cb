-- Evidence: files about an old item or a redemption, the end of old items, and pick-ups at home.

-- The fact that somebody handed in a file. The file itself lies in the store of files, sealed with a data key of the
-- person whom the record is about: `blob` is the SHA-256 of what lies there, `sha256` that of the file.
CREATE TABLE evidence_file (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    about TEXT NOT NULL CHECK (about IN ('turn_in', 'redemption')),
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    kind TEXT NOT NULL CHECK (kind IN (
        'label', 'serial_on_package', 'serial_switched_on', 'old_item', 'certificate', 'invoice', 'delivery', 'photo',
        'scrap_certificate', 'cancellation_certificate', 'used_car_invoice', 'pledge', 'other')),
    media TEXT NOT NULL CHECK (media IN ('image/jpeg', 'image/png', 'application/pdf')),
    bytes INTEGER NOT NULL CHECK (bytes BETWEEN 1 AND 10485760),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    blob TEXT NOT NULL CHECK (length(blob) = 64),
    data_key BLOB NOT NULL CHECK (length(data_key) = 16),
    organisation BLOB NOT NULL CHECK (length(organisation) = 16),
    uploader BLOB NOT NULL CHECK (length(uploader) = 16),
    at INTEGER NOT NULL
) STRICT;
-- A record has a file once, whatever the code says; its files are listed by it.
CREATE UNIQUE INDEX evidence_file_once ON evidence_file (subject, sha256);
-- The same file about another record is found.
CREATE INDEX evidence_file_content ON evidence_file (sha256);
-- Whether something in the store of files is still of use.
CREATE INDEX evidence_file_blob ON evidence_file (blob);
-- Everything that is kept about a person.
CREATE INDEX evidence_file_of_person ON evidence_file (person, id);
CREATE TRIGGER evidence_file_is_never_changed BEFORE UPDATE ON evidence_file BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence_file refuses UPDATE');
END;
CREATE TRIGGER evidence_file_is_never_removed BEFORE DELETE ON evidence_file BEGIN
    SELECT RAISE(ABORT, 'append-only: evidence_file refuses DELETE');
END;

-- The end of an old item: the fact that a yard received it, and that it was dismantled, each once.
CREATE TABLE old_item_step (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    turn_in BLOB NOT NULL CHECK (length(turn_in) = 16),
    step TEXT NOT NULL CHECK (step IN ('received', 'dismantled')),
    organisation BLOB NOT NULL CHECK (length(organisation) = 16),
    day INTEGER NOT NULL,
    certificate TEXT,
    sha256 TEXT CHECK (length(sha256) = 64),
    author BLOB NOT NULL CHECK (length(author) = 16),
    at INTEGER NOT NULL,
    -- That an item was dismantled is proved by a certificate with a number, and by the paper itself.
    CHECK ((step = 'dismantled') = (certificate IS NOT NULL)),
    CHECK ((step = 'dismantled') = (sha256 IS NOT NULL))
) STRICT;
-- Each step once, whatever the code says; the steps of an item are found by it.
CREATE UNIQUE INDEX old_item_step_once ON old_item_step (turn_in, step);
CREATE TRIGGER old_item_step_is_never_changed BEFORE UPDATE ON old_item_step BEGIN
    SELECT RAISE(ABORT, 'append-only: old_item_step refuses UPDATE');
END;
CREATE TRIGGER old_item_step_is_never_removed BEFORE DELETE ON old_item_step BEGIN
    SELECT RAISE(ABORT, 'append-only: old_item_step refuses DELETE');
END;

-- What was claimed, recorded and received is counted by category.
ALTER TABLE turn_in ADD COLUMN category TEXT NOT NULL DEFAULT '';
UPDATE turn_in SET category = json_extract(item, '$.category');

-- Pick-ups at home: asked for by the owner of an old item, accepted by a collection point, ended by the old item or by
-- either of them. The address is sealed with a key of the person.
CREATE TABLE pickup (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    category TEXT NOT NULL,
    division_code TEXT NOT NULL,
    town TEXT NOT NULL,
    address TEXT NOT NULL,
    from_at INTEGER NOT NULL,
    until_at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('requested', 'accepted', 'collected', 'cancelled')),
    recycler BLOB CHECK (length(recycler) = 16),
    turn_in BLOB CHECK (length(turn_in) = 16),
    reason TEXT,
    requested_at INTEGER NOT NULL,
    changed_at INTEGER NOT NULL,
    CHECK (from_at < until_at),
    CHECK (status NOT IN ('accepted', 'collected') OR recycler IS NOT NULL),
    CHECK (status <> 'requested' OR recycler IS NULL),
    CHECK ((status = 'collected') = (turn_in IS NOT NULL)),
    CHECK ((status = 'cancelled') = (reason IS NOT NULL))
) STRICT;
-- A person's list, and how many of theirs are open.
CREATE INDEX pickup_of_person ON pickup (person, id);
-- What a collection point has taken on, and what waits in a division.
CREATE INDEX pickup_of_recycler ON pickup (recycler, id);
CREATE INDEX pickup_waits ON pickup (division_code, id) WHERE status = 'requested';
