-- Anomalies: the rules as the bureau sets them, what they find, and which days were scanned. Disputes.

-- The device from which a voucher was claimed: a keyed digest, where the app said so.
ALTER TABLE voucher ADD COLUMN device BLOB;

-- The rules; each entry is a version, the newest counts. Before the first the code's own hold.
CREATE TABLE anomaly_rules (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number INTEGER NOT NULL CHECK (number > 0),
    rules TEXT NOT NULL,
    reason TEXT NOT NULL,
    author BLOB NOT NULL CHECK (length(author) = 16),
    at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX anomaly_rules_number ON anomaly_rules (number);
CREATE TRIGGER anomaly_rules_is_never_changed BEFORE UPDATE ON anomaly_rules BEGIN
    SELECT RAISE(ABORT, 'append-only: anomaly_rules refuses UPDATE');
END;
CREATE TRIGGER anomaly_rules_is_never_removed BEFORE DELETE ON anomaly_rules BEGIN
    SELECT RAISE(ABORT, 'append-only: anomaly_rules refuses DELETE');
END;

-- A day that was scanned, by which version of the rules, and how much was found.
CREATE TABLE anomaly_scan (
    day INTEGER PRIMARY KEY,
    rules INTEGER NOT NULL CHECK (rules >= 0),
    findings INTEGER NOT NULL CHECK (findings >= 0),
    at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER anomaly_scan_is_never_changed BEFORE UPDATE ON anomaly_scan BEGIN
    SELECT RAISE(ABORT, 'append-only: anomaly_scan refuses UPDATE');
END;
CREATE TRIGGER anomaly_scan_is_never_removed BEFORE DELETE ON anomaly_scan BEGIN
    SELECT RAISE(ABORT, 'append-only: anomaly_scan refuses DELETE');
END;

-- What a rule found, and what became of it. The identity follows from rule, subject and day, and begins with the day.
CREATE TABLE anomaly (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    rule TEXT NOT NULL,
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    day INTEGER NOT NULL,
    since INTEGER NOT NULL CHECK (since <= day),
    part INTEGER NOT NULL CHECK (part >= 0),
    measure INTEGER NOT NULL CHECK (measure >= 0),
    score INTEGER NOT NULL CHECK (score BETWEEN 50 AND 100),
    holds INTEGER NOT NULL CHECK (holds IN (0, 1)),
    lines TEXT NOT NULL,
    retailers TEXT NOT NULL,
    evidence TEXT NOT NULL,
    zh TEXT NOT NULL,
    en TEXT NOT NULL,
    rules INTEGER NOT NULL CHECK (rules >= 0),
    at INTEGER NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('open', 'confirmed', 'dismissed')),
    resolved_by BLOB CHECK (length(resolved_by) = 16),
    resolved_at INTEGER,
    reason TEXT,
    -- Who decides says why; what is confirmed holds its lines, whatever its score.
    CHECK ((status = 'open') = (resolved_by IS NULL)),
    CHECK ((status = 'open') = (resolved_at IS NULL)),
    CHECK ((status = 'open') = (reason IS NULL)),
    CHECK (status <> 'confirmed' OR holds = 1)
) STRICT;
-- The bureau's list of what is open, or of a rule; and how often each rule was right.
CREATE INDEX anomaly_by_status ON anomaly (status, id);
CREATE INDEX anomaly_of_rule ON anomaly (rule, status, id);

-- An objection to a refusal or to a redemption, and what became of it. A consumer's or a retailer's.
CREATE TABLE dispute (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    about TEXT NOT NULL CHECK (about IN ('refusal', 'redemption')),
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    codes TEXT NOT NULL,
    retailer BLOB CHECK (length(retailer) = 16),
    opened_by TEXT NOT NULL CHECK (opened_by IN ('consumer', 'retailer')),
    opener BLOB NOT NULL CHECK (length(opener) = 16),
    author BLOB NOT NULL CHECK (length(author) = 16),
    statement TEXT NOT NULL,
    opened_at INTEGER NOT NULL,
    answer_by INTEGER NOT NULL,
    decide_by INTEGER NOT NULL CHECK (decide_by >= answer_by),
    holidays_known INTEGER NOT NULL CHECK (holidays_known IN (0, 1)),
    status TEXT NOT NULL CHECK (status IN ('opened', 'answered', 'decided')),
    answer TEXT,
    answered_by BLOB CHECK (length(answered_by) = 16),
    answered_at INTEGER,
    outcome TEXT CHECK (outcome IN ('upheld', 'rejected', 'withdrawn')),
    reason TEXT,
    decided_by BLOB CHECK (length(decided_by) = 16),
    decided_at INTEGER,
    holds INTEGER NOT NULL CHECK (holds IN (0, 1)),
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
    CHECK (about = 'redemption' OR (holds = 0 AND compensation IS NULL))
) STRICT;
-- The list of who objected, of the retailer that it is about, and of the bureau.
CREATE INDEX dispute_of_opener ON dispute (opener, id);
CREATE INDEX dispute_of_retailer ON dispute (retailer, id);
CREATE INDEX dispute_by_status ON dispute (status, id);
-- One objection of a party to a thing waits at a time.
CREATE UNIQUE INDEX dispute_waits ON dispute (subject, opener) WHERE status <> 'decided';
