-- Access: a second officer for bank accounts, and claims that an assistant makes for somebody else.

-- A change of a retailer's bank account, and what became of it. The account in force stands with the retailer until
-- somebody else than the proposer has approved.
CREATE TABLE account_proposal (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16) REFERENCES retailer (id),
    account TEXT NOT NULL,
    replaces TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('proposed', 'approved', 'rejected')),
    proposed_by BLOB NOT NULL CHECK (length(proposed_by) = 16),
    proposed_at INTEGER NOT NULL,
    decided_by BLOB CHECK (length(decided_by) = 16),
    decided_at INTEGER,
    reason TEXT,
    CHECK ((status = 'proposed') = (decided_by IS NULL)),
    CHECK ((status = 'proposed') = (decided_at IS NULL)),
    -- Four eyes, whatever the code says.
    CHECK (decided_by <> proposed_by)
) STRICT;
-- One change of an account waits at a time.
CREATE UNIQUE INDEX account_proposal_waits ON account_proposal (retailer) WHERE status = 'proposed';
-- A retailer lists its proposals, newest first.
CREATE INDEX account_proposal_of_retailer ON account_proposal (retailer, id);

-- The change that waits, so that it is found by its retailer.
ALTER TABLE retailer ADD COLUMN proposal BLOB;

-- The fact that an assistant claimed a voucher for somebody: who, for whom, and on what consent.
CREATE TABLE assisted_claim (
    voucher BLOB NOT NULL PRIMARY KEY CHECK (length(voucher) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    assistant BLOB NOT NULL CHECK (length(assistant) = 16),
    service_point BLOB NOT NULL CHECK (length(service_point) = 16),
    consent TEXT NOT NULL CHECK (consent IN ('signature', 'fingerprint', 'verbal_witnessed')),
    note TEXT,
    at INTEGER NOT NULL
) STRICT;
-- A service point looks up what it claimed for a person, newest first.
CREATE INDEX assisted_claim_of_point ON assisted_claim (service_point, person, voucher);
CREATE TRIGGER assisted_claim_is_never_changed BEFORE UPDATE ON assisted_claim BEGIN
    SELECT RAISE(ABORT, 'append-only: assisted_claim refuses UPDATE');
END;
CREATE TRIGGER assisted_claim_is_never_removed BEFORE DELETE ON assisted_claim BEGIN
    SELECT RAISE(ABORT, 'append-only: assisted_claim refuses DELETE');
END;

-- How many claims an assistant made on a day; the identity is the digest of the two.
CREATE TABLE assistant_use (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    assistant BLOB NOT NULL CHECK (length(assistant) = 16),
    day INTEGER NOT NULL,
    claims INTEGER NOT NULL CHECK (claims > 0)
) STRICT;
