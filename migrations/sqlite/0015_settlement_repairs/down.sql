DROP INDEX dispute_of_subject;
ALTER TABLE dispute DROP COLUMN released;
CREATE TABLE settlement_bucket_of_before (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    programme TEXT NOT NULL,
    day INTEGER NOT NULL,
    settlement BLOB CHECK (length(settlement) = 16),
    stage TEXT CHECK (stage IN ('submitted', 'reviewed', 'returned', 'approved', 'paid')),
    portions TEXT NOT NULL DEFAULT '[]',
    held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0)
) STRICT;
INSERT INTO settlement_bucket_of_before
    SELECT id, retailer, programme, day, settlement, stage, portions, held FROM settlement_bucket;
DROP TABLE settlement_bucket;
ALTER TABLE settlement_bucket_of_before RENAME TO settlement_bucket;
CREATE INDEX settlement_bucket_of_retailer ON settlement_bucket (retailer, day);
CREATE TABLE settlement_of_before (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    from_day INTEGER NOT NULL,
    to_day INTEGER NOT NULL CHECK (to_day >= from_day),
    status TEXT NOT NULL CHECK (status IN ('submitted', 'reviewed', 'returned', 'approved', 'paid')),
    submitted_lines INTEGER NOT NULL CHECK (submitted_lines >= 0),
    submitted_fen INTEGER NOT NULL CHECK (submitted_fen >= 0),
    rejected_lines INTEGER NOT NULL CHECK (rejected_lines BETWEEN 0 AND submitted_lines),
    rejected_fen INTEGER NOT NULL CHECK (rejected_fen BETWEEN 0 AND submitted_fen),
    approved_lines INTEGER,
    approved_fen INTEGER,
    recovered_fen INTEGER NOT NULL CHECK (recovered_fen >= 0),
    due_day INTEGER,
    batch BLOB CHECK (length(batch) = 16),
    submitted_at INTEGER NOT NULL,
    body TEXT NOT NULL,
    -- What was approved is what was submitted and not rejected, to the line and to the fen.
    CHECK ((approved_lines IS NULL) = (approved_fen IS NULL)),
    CHECK (approved_lines IS NULL OR approved_lines = submitted_lines - rejected_lines),
    CHECK (approved_fen IS NULL OR approved_fen = submitted_fen - rejected_fen),
    CHECK ((approved_fen IS NOT NULL) = (status IN ('approved', 'paid'))),
    CHECK (recovered_fen = 0 OR recovered_fen <= approved_fen)
) STRICT;
INSERT INTO settlement_of_before
    SELECT id, retailer, from_day, to_day, status, submitted_lines, submitted_fen, rejected_lines, rejected_fen,
        approved_lines, approved_fen, recovered_fen, due_day, batch, submitted_at, body
    FROM settlement;
DROP TABLE settlement;
ALTER TABLE settlement_of_before RENAME TO settlement;
CREATE INDEX settlement_of_retailer ON settlement (retailer, id);
CREATE INDEX settlement_due ON settlement (due_day) WHERE due_day IS NOT NULL;
CREATE TABLE movement_of_before (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    line BLOB NOT NULL CHECK (length(line) = 16),
    retailer BLOB CHECK (length(retailer) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse', 'raise', 'pay',
        'claw_back', 'recover')),
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    appropriation_fen INTEGER NOT NULL,
    available_fen INTEGER NOT NULL,
    reserved_fen INTEGER NOT NULL,
    payable_fen INTEGER NOT NULL,
    paid_fen INTEGER NOT NULL,
    clawback_fen INTEGER NOT NULL,
    at INTEGER NOT NULL,
    CHECK (appropriation_fen + available_fen + reserved_fen + payable_fen + paid_fen + clawback_fen = 0),
    -- Money that a retailer is owed, was paid or owes back names the retailer.
    CHECK (retailer IS NOT NULL OR (payable_fen = 0 AND paid_fen = 0 AND clawback_fen = 0)),
    -- Only an adjustment changes what the public purse has put in, and it changes nothing else but what is available.
    CHECK ((kind = 'adjust') OR appropriation_fen = 0),
    CHECK (kind <> 'adjust' OR (reserved_fen = 0 AND payable_fen = 0 AND paid_fen = 0 AND clawback_fen = 0)),
    CHECK (kind <> 'reserve' OR (reserved_fen >= 0 AND payable_fen = 0 AND paid_fen = 0 AND clawback_fen = 0)),
    CHECK (kind NOT IN ('expire', 'cancel')
        OR (reserved_fen <= 0 AND payable_fen = 0 AND paid_fen = 0 AND clawback_fen = 0)),
    -- A redemption takes from the reservation what it owes to the retailer, and gives the rest back.
    CHECK (kind <> 'redeem'
        OR (retailer IS NOT NULL AND reserved_fen <= 0 AND payable_fen >= 0 AND available_fen >= 0
            AND paid_fen = 0 AND clawback_fen = 0)),
    CHECK (kind <> 'reverse'
        OR (retailer IS NOT NULL AND payable_fen <= 0 AND reserved_fen = 0 AND paid_fen = 0 AND clawback_fen = 0)),
    CHECK (kind <> 'raise'
        OR (retailer IS NOT NULL AND payable_fen > 0 AND reserved_fen = 0 AND paid_fen = 0 AND clawback_fen = 0)),
    -- What was owed is paid.
    CHECK (kind <> 'pay'
        OR (paid_fen >= 0 AND available_fen = 0 AND reserved_fen = 0 AND clawback_fen = 0)),
    -- What was paid is owed back; what was not paid yet is available again.
    CHECK (kind <> 'claw_back'
        OR (clawback_fen > 0 AND paid_fen = -clawback_fen AND payable_fen <= 0 AND reserved_fen = 0)),
    -- What was owed back is available again.
    CHECK (kind <> 'recover'
        OR (clawback_fen < 0 AND payable_fen = 0 AND paid_fen = 0 AND reserved_fen = 0))
) STRICT;
INSERT INTO movement_of_before SELECT * FROM movement;
DROP TABLE movement;
ALTER TABLE movement_of_before RENAME TO movement;
CREATE TRIGGER movement_is_never_changed BEFORE UPDATE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses UPDATE');
END;
CREATE TRIGGER movement_is_never_removed BEFORE DELETE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses DELETE');
END;
CREATE TABLE reconciliation_row_of_before (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    batch BLOB NOT NULL CHECK (length(batch) = 16),
    file BLOB NOT NULL CHECK (length(file) = 16),
    file_row INTEGER,
    kind TEXT NOT NULL CHECK (kind IN ('matched', 'missing', 'different', 'duplicate', 'unknown')),
    settlement BLOB CHECK (length(settlement) = 16),
    expected_fen INTEGER,
    found_fen INTEGER,
    reference TEXT,
    paid_on INTEGER,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    answer TEXT CHECK (answer IN ('explained', 'pay_again')),
    note TEXT,
    closed_by BLOB CHECK (length(closed_by) = 16),
    closed_at INTEGER,
    at INTEGER NOT NULL,
    CHECK ((status = 'closed') = (closed_by IS NOT NULL)),
    CHECK ((kind = 'missing') = (file_row IS NULL)),
    CHECK (kind <> 'matched' OR (expected_fen IS NOT NULL AND expected_fen = found_fen))
) STRICT;
INSERT INTO reconciliation_row_of_before
    SELECT id, batch, file, file_row, kind, settlement, expected_fen, found_fen, reference, paid_on, status, answer, note,
        closed_by, closed_at, at
    FROM reconciliation_row;
DROP TABLE reconciliation_row;
ALTER TABLE reconciliation_row_of_before RENAME TO reconciliation_row;
CREATE INDEX reconciliation_row_by_status ON reconciliation_row (status, id);
DROP TABLE adjustment_state;
