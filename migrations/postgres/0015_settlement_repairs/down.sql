DROP INDEX dispute_of_subject;
ALTER TABLE dispute DROP COLUMN released;
ALTER TABLE settlement_bucket DROP CONSTRAINT settlement_bucket_stage_check;
ALTER TABLE settlement_bucket ADD CONSTRAINT settlement_bucket_stage_check
    CHECK (stage IN ('submitted', 'reviewed', 'returned', 'approved', 'paid'));
ALTER TABLE settlement DROP CONSTRAINT settlement_status_check;
ALTER TABLE settlement ADD CONSTRAINT settlement_status_check
    CHECK (status IN ('submitted', 'reviewed', 'returned', 'approved', 'paid'));
ALTER TABLE movement DROP CONSTRAINT movement_restore_check;
ALTER TABLE movement DROP CONSTRAINT movement_kind_check;
ALTER TABLE movement ADD CONSTRAINT movement_kind_check
    CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse', 'raise', 'pay', 'claw_back', 'recover'));
ALTER TABLE reconciliation_row DROP CONSTRAINT reconciliation_row_kind_check;
ALTER TABLE reconciliation_row ADD CONSTRAINT reconciliation_row_kind_check
    CHECK (kind IN ('matched', 'missing', 'different', 'duplicate', 'unknown'));
ALTER TABLE reconciliation_row DROP CONSTRAINT reconciliation_row_confirmed_check;
ALTER TABLE reconciliation_row DROP CONSTRAINT reconciliation_row_asked_check;
ALTER TABLE reconciliation_row DROP COLUMN asked_at;
ALTER TABLE reconciliation_row DROP COLUMN asked_by;
ALTER TABLE reconciliation_row DROP COLUMN paid;
ALTER TABLE reconciliation_row DROP COLUMN named;
DROP TABLE adjustment_state;
