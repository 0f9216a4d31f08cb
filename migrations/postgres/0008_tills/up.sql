-- Tills: devices at the counters of stores, each let in by a code that is good once.

-- The identity follows from the code, of which the SHA-256 alone is kept; the device is the keyed digest of what it calls
-- itself.
CREATE TABLE till (
    id UUID PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    retailer UUID NOT NULL REFERENCES retailer (id),
    store UUID NOT NULL REFERENCES store (id),
    label TEXT NOT NULL CHECK (label <> ''),
    device UUID,
    created_at BIGINT NOT NULL,
    code_lapses_at BIGINT NOT NULL,
    enrolled_at BIGINT,
    revoked_at BIGINT,
    CHECK ((device IS NULL) = (enrolled_at IS NULL))
);
-- Whoever signs in on a device is on the till that the device is: on one at a time, whatever the code says.
CREATE UNIQUE INDEX till_of_device ON till (device) WHERE device IS NOT NULL AND revoked_at IS NULL;
-- A retailer lists its tills, newest first.
CREATE INDEX till_of_retailer ON till (retailer, created_at, id);

-- The till on which a session was begun: its tokens end with it.
ALTER TABLE session ADD COLUMN till UUID;
