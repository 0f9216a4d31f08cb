-- Tills: devices at the counters of stores, each let in by a code that is good once.

-- The identity follows from the code, of which the SHA-256 alone is kept; the device is the keyed digest of what it calls
-- itself.
CREATE TABLE till (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16) REFERENCES retailer (id),
    store BLOB NOT NULL CHECK (length(store) = 16) REFERENCES store (id),
    label TEXT NOT NULL CHECK (label <> ''),
    device BLOB CHECK (length(device) = 16),
    created_at INTEGER NOT NULL,
    code_lapses_at INTEGER NOT NULL,
    enrolled_at INTEGER,
    revoked_at INTEGER,
    CHECK ((device IS NULL) = (enrolled_at IS NULL))
) STRICT;
-- Whoever signs in on a device is on the till that the device is: on one at a time, whatever the code says.
CREATE UNIQUE INDEX till_of_device ON till (device) WHERE device IS NOT NULL AND revoked_at IS NULL;
-- A retailer lists its tills, newest first.
CREATE INDEX till_of_retailer ON till (retailer, created_at, id);

-- The till on which a session was begun: its tokens end with it.
ALTER TABLE session ADD COLUMN till BLOB CHECK (length(till) = 16);
