-- Evidence: files about an old item or a redemption, the end of old items, and pick-ups at home.

-- The fact that somebody handed in a file. The file itself lies in the store of files, sealed with a data key of the
-- person whom the record is about: `blob` is the SHA-256 of what lies there, `sha256` that of the file.
CREATE TABLE evidence_file (
    id UUID PRIMARY KEY,
    about TEXT NOT NULL CHECK (about IN ('turn_in', 'redemption')),
    subject UUID NOT NULL,
    person UUID NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN (
        'label', 'serial_on_package', 'serial_switched_on', 'old_item', 'certificate', 'invoice', 'delivery', 'photo',
        'scrap_certificate', 'cancellation_certificate', 'used_car_invoice', 'pledge', 'other')),
    media TEXT NOT NULL CHECK (media IN ('image/jpeg', 'image/png', 'application/pdf')),
    bytes BIGINT NOT NULL CHECK (bytes BETWEEN 1 AND 10485760),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    blob TEXT NOT NULL CHECK (length(blob) = 64),
    data_key UUID NOT NULL,
    organisation UUID NOT NULL,
    uploader UUID NOT NULL,
    at BIGINT NOT NULL
);
-- A record has a file once, whatever the code says; its files are listed by it.
CREATE UNIQUE INDEX evidence_file_once ON evidence_file (subject, sha256);
-- The same file about another record is found.
CREATE INDEX evidence_file_content ON evidence_file (sha256);
-- Whether something in the store of files is still of use.
CREATE INDEX evidence_file_blob ON evidence_file (blob);
-- Everything that is kept about a person.
CREATE INDEX evidence_file_of_person ON evidence_file (person, id);
CREATE TRIGGER evidence_file_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON evidence_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The end of an old item: the fact that a yard received it, and that it was dismantled, each once.
CREATE TABLE old_item_step (
    id UUID PRIMARY KEY,
    turn_in UUID NOT NULL,
    step TEXT NOT NULL CHECK (step IN ('received', 'dismantled')),
    organisation UUID NOT NULL,
    day INTEGER NOT NULL,
    certificate TEXT,
    sha256 TEXT CHECK (length(sha256) = 64),
    author UUID NOT NULL,
    at BIGINT NOT NULL,
    -- That an item was dismantled is proved by a certificate with a number, and by the paper itself.
    CHECK ((step = 'dismantled') = (certificate IS NOT NULL)),
    CHECK ((step = 'dismantled') = (sha256 IS NOT NULL))
);
-- Each step once, whatever the code says; the steps of an item are found by it.
CREATE UNIQUE INDEX old_item_step_once ON old_item_step (turn_in, step);
CREATE TRIGGER old_item_step_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON old_item_step
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What was claimed, recorded and received is counted by category.
ALTER TABLE turn_in ADD COLUMN category TEXT NOT NULL DEFAULT '';
UPDATE turn_in SET category = item::json ->> 'category';

-- Pick-ups at home: asked for by the owner of an old item, accepted by a collection point, ended by the old item or by
-- either of them. The address is sealed with a key of the person.
CREATE TABLE pickup (
    id UUID PRIMARY KEY,
    person UUID NOT NULL,
    category TEXT NOT NULL,
    division_code TEXT NOT NULL,
    town TEXT NOT NULL,
    address TEXT NOT NULL,
    from_at BIGINT NOT NULL,
    until_at BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('requested', 'accepted', 'collected', 'cancelled')),
    recycler UUID,
    turn_in UUID,
    reason TEXT,
    requested_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    CHECK (from_at < until_at),
    CHECK (status NOT IN ('accepted', 'collected') OR recycler IS NOT NULL),
    CHECK (status <> 'requested' OR recycler IS NULL),
    CHECK ((status = 'collected') = (turn_in IS NOT NULL)),
    CHECK ((status = 'cancelled') = (reason IS NOT NULL))
);
-- A person's list, and how many of theirs are open.
CREATE INDEX pickup_of_person ON pickup (person, id);
-- What a collection point has taken on, and what waits in a division.
CREATE INDEX pickup_of_recycler ON pickup (recycler, id);
CREATE INDEX pickup_waits ON pickup (division_code, id) WHERE status = 'requested';
