-- Settlement: what retailers are paid, and what they owe back.

-- A retailer's period. The totals of each step stand side by side; `body` has the signatures, what was frozen, and the
-- payment.
CREATE TABLE settlement (
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
-- A retailer's list, newest first, and what is overdue.
CREATE INDEX settlement_of_retailer ON settlement (retailer, id);
CREATE INDEX settlement_due ON settlement (due_day) WHERE due_day IS NOT NULL;

-- A line that was refused: the fact.
CREATE TABLE line_rejection (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    settlement BLOB NOT NULL CHECK (length(settlement) = 16),
    redemption BLOB NOT NULL CHECK (length(redemption) = 16),
    code TEXT NOT NULL CHECK (code IN (
        'INVOICE', 'AMOUNT', 'SERIAL_NUMBER', 'PHOTO', 'ADDRESS', 'DELIVERY', 'CATEGORY', 'OLD_ITEM', 'IDENTITY',
        'PRICE', 'DUPLICATE', 'OTHER')),
    reason TEXT NOT NULL,
    lost_lines INTEGER NOT NULL CHECK (lost_lines > 0),
    lost_fen INTEGER NOT NULL CHECK (lost_fen >= 0),
    by_officer BLOB NOT NULL CHECK (length(by_officer) = 16),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX line_rejection_of_settlement ON line_rejection (settlement, id);
CREATE TRIGGER line_rejection_is_never_changed BEFORE UPDATE ON line_rejection BEGIN
    SELECT RAISE(ABORT, 'append-only: line_rejection refuses UPDATE');
END;
CREATE TRIGGER line_rejection_is_never_removed BEFORE DELETE ON line_rejection BEGIN
    SELECT RAISE(ABORT, 'append-only: line_rejection refuses DELETE');
END;

-- Why a redemption's line is held; none when it is held no more.
CREATE TABLE line_hold (
    redemption BLOB NOT NULL PRIMARY KEY CHECK (length(redemption) = 16),
    open TEXT NOT NULL
) STRICT;

-- A file for the bank.
CREATE TABLE payment_batch (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    settlements TEXT NOT NULL,
    payments INTEGER NOT NULL CHECK (payments > 0),
    total_fen INTEGER NOT NULL CHECK (total_fen > 0),
    open TEXT NOT NULL,
    by_officer BLOB NOT NULL CHECK (length(by_officer) = 16),
    at INTEGER NOT NULL
) STRICT;

-- A file of the bank that was taken in: the fact.
CREATE TABLE bank_return (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    batch BLOB NOT NULL CHECK (length(batch) = 16),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    file_rows INTEGER NOT NULL CHECK (file_rows >= 0),
    by_officer BLOB NOT NULL CHECK (length(by_officer) = 16),
    at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER bank_return_is_never_changed BEFORE UPDATE ON bank_return BEGIN
    SELECT RAISE(ABORT, 'append-only: bank_return refuses UPDATE');
END;
CREATE TRIGGER bank_return_is_never_removed BEFORE DELETE ON bank_return BEGIN
    SELECT RAISE(ABORT, 'append-only: bank_return refuses DELETE');
END;

-- What the bank's file says of a payment, or that it says nothing: a row to work on.
CREATE TABLE reconciliation_row (
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
CREATE INDEX reconciliation_row_by_status ON reconciliation_row (status, id);

-- What a retailer has repaid: the fact.
CREATE TABLE repayment (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    recovered TEXT NOT NULL,
    reference TEXT NOT NULL,
    paid_on INTEGER NOT NULL,
    by_officer BLOB NOT NULL CHECK (length(by_officer) = 16),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX repayment_of_retailer ON repayment (retailer, id);
CREATE TRIGGER repayment_is_never_changed BEFORE UPDATE ON repayment BEGIN
    SELECT RAISE(ABORT, 'append-only: repayment refuses UPDATE');
END;
CREATE TRIGGER repayment_is_never_removed BEFORE DELETE ON repayment BEGIN
    SELECT RAISE(ABORT, 'append-only: repayment refuses DELETE');
END;

-- What is in a bucket, how many of its redemptions are held, and how far its settlement is. The service was not in use
-- before this: no bucket has anything in it that these do not say.
ALTER TABLE settlement_bucket ADD COLUMN stage TEXT
    CHECK (stage IN ('submitted', 'reviewed', 'returned', 'approved', 'paid'));
ALTER TABLE settlement_bucket ADD COLUMN portions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE settlement_bucket ADD COLUMN held INTEGER NOT NULL DEFAULT 0 CHECK (held >= 0);
-- The statement of a retailer's period.
CREATE INDEX settlement_bucket_of_retailer ON settlement_bucket (retailer, day);

-- Settlements that are on their way to the retailer's account.
ALTER TABLE retailer ADD COLUMN paying TEXT NOT NULL DEFAULT '[]';

-- Approved, paid and recovered, beside what was redeemed and reversed.
ALTER TABLE rollup ADD COLUMN amount_approved_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN amount_paid_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN amount_recovered_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup_entry ADD COLUMN amount_approved_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup_entry ADD COLUMN amount_paid_fen INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rollup_entry ADD COLUMN amount_recovered_fen INTEGER NOT NULL DEFAULT 0;

-- More states of a redemption. A check of a table cannot be changed here, so the rows move into one that has the new one.
CREATE TABLE redemption_state_of_settlements (
    redemption BLOB NOT NULL PRIMARY KEY CHECK (length(redemption) = 16),
    status TEXT NOT NULL CHECK (status IN ('reversed', 'rejected', 'resubmitted', 'clawed_back')),
    step BLOB NOT NULL CHECK (length(step) = 16),
    at INTEGER NOT NULL,
    reason TEXT NOT NULL,
    rejection TEXT,
    bucket BLOB CHECK (length(bucket) = 16),
    CHECK (status NOT IN ('rejected', 'resubmitted') OR rejection IS NOT NULL),
    CHECK (status <> 'resubmitted' OR bucket IS NOT NULL)
) STRICT;
INSERT INTO redemption_state_of_settlements SELECT redemption, status, step, at, reason, NULL, NULL FROM redemption_state;
DROP TABLE redemption_state;
ALTER TABLE redemption_state_of_settlements RENAME TO redemption_state;
-- The lines that wait in a bucket anew.
CREATE INDEX redemption_state_of_bucket ON redemption_state (bucket) WHERE bucket IS NOT NULL;

-- More kinds of movement; the movements move as they are.
CREATE TABLE movement_with_payments (
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
INSERT INTO movement_with_payments SELECT * FROM movement;
DROP TABLE movement;
ALTER TABLE movement_with_payments RENAME TO movement;
CREATE TRIGGER movement_is_never_changed BEFORE UPDATE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses UPDATE');
END;
CREATE TRIGGER movement_is_never_removed BEFORE DELETE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses DELETE');
END;
