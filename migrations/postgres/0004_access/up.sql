-- Access: a second officer for bank accounts, and claims that an assistant makes for somebody else.

-- A change of a retailer's bank account, and what became of it. The account in force stands with the retailer until
-- somebody else than the proposer has approved.
CREATE TABLE account_proposal (
    id UUID PRIMARY KEY,
    retailer UUID NOT NULL REFERENCES retailer (id),
    account TEXT NOT NULL,
    replaces TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('proposed', 'approved', 'rejected')),
    proposed_by UUID NOT NULL,
    proposed_at BIGINT NOT NULL,
    decided_by UUID,
    decided_at BIGINT,
    reason TEXT,
    CHECK ((status = 'proposed') = (decided_by IS NULL)),
    CHECK ((status = 'proposed') = (decided_at IS NULL)),
    -- Four eyes, whatever the code says.
    CHECK (decided_by <> proposed_by)
);
-- One change of an account waits at a time.
CREATE UNIQUE INDEX account_proposal_waits ON account_proposal (retailer) WHERE status = 'proposed';
-- A retailer lists its proposals, newest first.
CREATE INDEX account_proposal_of_retailer ON account_proposal (retailer, id);

-- The change that waits, so that it is found by its retailer.
ALTER TABLE retailer ADD COLUMN proposal UUID;

-- The fact that an assistant claimed a voucher for somebody: who, for whom, and on what consent.
CREATE TABLE assisted_claim (
    voucher UUID PRIMARY KEY,
    person UUID NOT NULL,
    assistant UUID NOT NULL,
    service_point UUID NOT NULL,
    consent TEXT NOT NULL CHECK (consent IN ('signature', 'fingerprint', 'verbal_witnessed')),
    note TEXT,
    at BIGINT NOT NULL
);
-- A service point looks up what it claimed for a person, newest first.
CREATE INDEX assisted_claim_of_point ON assisted_claim (service_point, person, voucher);
CREATE TRIGGER assisted_claim_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON assisted_claim
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- How many claims an assistant made on a day; the identity is the digest of the two.
CREATE TABLE assistant_use (
    id UUID PRIMARY KEY,
    assistant UUID NOT NULL,
    day INTEGER NOT NULL,
    claims BIGINT NOT NULL CHECK (claims > 0)
);
