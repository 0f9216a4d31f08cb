-- Anomalies: the rules as the bureau sets them, what they find, and which days were scanned. Disputes.

-- The device from which a voucher was claimed: a keyed digest, where the app said so.
ALTER TABLE voucher ADD COLUMN device UUID;

-- The rules; each entry is a version, the newest counts. Before the first the code's own hold.
CREATE TABLE anomaly_rules (
    id UUID PRIMARY KEY,
    number BIGINT NOT NULL CHECK (number > 0),
    rules TEXT NOT NULL,
    reason TEXT NOT NULL,
    author UUID NOT NULL,
    at BIGINT NOT NULL
);
CREATE UNIQUE INDEX anomaly_rules_number ON anomaly_rules (number);
CREATE TRIGGER anomaly_rules_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON anomaly_rules
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- A day that was scanned, by which version of the rules, and how much was found.
CREATE TABLE anomaly_scan (
    day INTEGER PRIMARY KEY,
    rules BIGINT NOT NULL CHECK (rules >= 0),
    findings BIGINT NOT NULL CHECK (findings >= 0),
    at BIGINT NOT NULL
);
CREATE TRIGGER anomaly_scan_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON anomaly_scan
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What a rule found, and what became of it. The identity follows from rule, subject and day, and begins with the day.
CREATE TABLE anomaly (
    id UUID PRIMARY KEY,
    rule TEXT NOT NULL,
    subject UUID NOT NULL,
    day INTEGER NOT NULL,
    since INTEGER NOT NULL CHECK (since <= day),
    part BIGINT NOT NULL CHECK (part >= 0),
    measure BIGINT NOT NULL CHECK (measure >= 0),
    score BIGINT NOT NULL CHECK (score BETWEEN 50 AND 100),
    holds BOOLEAN NOT NULL,
    lines TEXT NOT NULL,
    retailers TEXT NOT NULL,
    evidence TEXT NOT NULL,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    rules BIGINT NOT NULL CHECK (rules >= 0),
    at BIGINT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'confirmed', 'dismissed')),
    resolved_by UUID,
    resolved_at BIGINT,
    reason TEXT,
    -- Who decides says why; what is confirmed holds its lines, whatever its score.
    CHECK ((status = 'open') = (resolved_by IS NULL)),
    CHECK ((status = 'open') = (resolved_at IS NULL)),
    CHECK ((status = 'open') = (reason IS NULL)),
    CHECK (status <> 'confirmed' OR holds)
);
-- The bureau's list of what is open, or of a rule; and how often each rule was right.
CREATE INDEX anomaly_by_status ON anomaly (status, id);
CREATE INDEX anomaly_of_rule ON anomaly (rule, status, id);

-- An objection to a refusal or to a redemption, and what became of it. A consumer's or a retailer's.
CREATE TABLE dispute (
    id UUID PRIMARY KEY,
    about TEXT NOT NULL CHECK (about IN ('refusal', 'redemption')),
    subject UUID NOT NULL,
    codes TEXT NOT NULL,
    retailer UUID,
    opened_by TEXT NOT NULL CHECK (opened_by IN ('consumer', 'retailer')),
    opener UUID NOT NULL,
    author UUID NOT NULL,
    statement TEXT NOT NULL,
    opened_at BIGINT NOT NULL,
    answer_by INTEGER NOT NULL,
    decide_by INTEGER NOT NULL CHECK (decide_by >= answer_by),
    holidays_known BOOLEAN NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('opened', 'answered', 'decided')),
    answer TEXT,
    answered_by UUID,
    answered_at BIGINT,
    outcome TEXT CHECK (outcome IN ('upheld', 'rejected', 'withdrawn')),
    reason TEXT,
    decided_by UUID,
    decided_at BIGINT,
    holds BOOLEAN NOT NULL,
    compensation TEXT,
    CHECK ((about = 'redemption') = (retailer IS NOT NULL)),
    CHECK ((answer IS NULL) = (answered_by IS NULL) AND (answer IS NULL) = (answered_at IS NULL)),
    CHECK (status <> 'opened' OR answer IS NULL),
    CHECK (status <> 'answered' OR answer IS NOT NULL),
    CHECK ((status = 'decided') = (outcome IS NOT NULL)),
    CHECK ((outcome IS NULL) = (decided_by IS NULL) AND (outcome IS NULL) = (decided_at IS NULL)),
    CHECK ((outcome IS NULL) = (reason IS NULL)),
    -- Nobody decides on her own answer, whatever the code says.
    CHECK (decided_by <> answered_by OR outcome = 'withdrawn'),
    CHECK (about = 'redemption' OR (NOT holds AND compensation IS NULL))
);
-- The list of who objected, of the retailer that it is about, and of the bureau.
CREATE INDEX dispute_of_opener ON dispute (opener, id);
CREATE INDEX dispute_of_retailer ON dispute (retailer, id);
CREATE INDEX dispute_by_status ON dispute (status, id);
-- One objection of a party to a thing waits at a time.
CREATE UNIQUE INDEX dispute_waits ON dispute (subject, opener) WHERE status <> 'decided';
