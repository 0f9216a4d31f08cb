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
