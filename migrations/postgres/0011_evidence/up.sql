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
