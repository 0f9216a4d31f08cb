-- Fails, and leaves everything as it is, once money was paid or a line refused: a fact is not taken back.
CREATE TABLE movement_without_payments (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    line BLOB NOT NULL CHECK (length(line) = 16),
    retailer BLOB CHECK (length(retailer) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse', 'raise')),
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
        OR (retailer IS NOT NULL AND payable_fen > 0 AND reserved_fen = 0 AND paid_fen = 0 AND clawback_fen = 0))
) STRICT;
INSERT INTO movement_without_payments SELECT * FROM movement;
DROP TABLE movement;
ALTER TABLE movement_without_payments RENAME TO movement;
CREATE TRIGGER movement_is_never_changed BEFORE UPDATE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses UPDATE');
END;
CREATE TRIGGER movement_is_never_removed BEFORE DELETE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses DELETE');
END;
CREATE TABLE redemption_state_of_returns (
    redemption BLOB NOT NULL PRIMARY KEY CHECK (length(redemption) = 16),
    status TEXT NOT NULL CHECK (status IN ('reversed')),
    step BLOB NOT NULL CHECK (length(step) = 16),
    at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;
INSERT INTO redemption_state_of_returns SELECT redemption, status, step, at, reason FROM redemption_state;
DROP TABLE redemption_state;
ALTER TABLE redemption_state_of_returns RENAME TO redemption_state;
DROP TABLE repayment;
DROP TABLE reconciliation_row;
DROP TABLE bank_return;
DROP TABLE payment_batch;
DROP TABLE line_hold;
DROP TABLE line_rejection;
DROP TABLE settlement;
DROP INDEX settlement_bucket_of_retailer;
ALTER TABLE settlement_bucket DROP COLUMN held;
ALTER TABLE settlement_bucket DROP COLUMN portions;
ALTER TABLE settlement_bucket DROP COLUMN stage;
ALTER TABLE retailer DROP COLUMN paying;
ALTER TABLE rollup DROP COLUMN amount_approved_fen;
ALTER TABLE rollup DROP COLUMN amount_paid_fen;
ALTER TABLE rollup DROP COLUMN amount_recovered_fen;
ALTER TABLE rollup_entry DROP COLUMN amount_approved_fen;
ALTER TABLE rollup_entry DROP COLUMN amount_paid_fen;
ALTER TABLE rollup_entry DROP COLUMN amount_recovered_fen;
