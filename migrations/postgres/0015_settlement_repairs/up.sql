-- Settlement: what the bank said is kept, an adjustment is refused by itself, an approval is withdrawn, and a settlement
-- of which nothing is left is closed.

-- An adjustment that was refused by itself, while its redemption stands, is paid or lies elsewhere; and the bucket in which
-- it waits anew.
CREATE TABLE adjustment_state (
    adjustment UUID PRIMARY KEY,
    redemption UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('rejected', 'resubmitted')),
    step UUID NOT NULL,
    settlement UUID NOT NULL,
    code TEXT NOT NULL CHECK (code IN (
        'INVOICE', 'AMOUNT', 'SERIAL_NUMBER', 'PHOTO', 'ADDRESS', 'DELIVERY', 'CATEGORY', 'OLD_ITEM', 'IDENTITY',
        'PRICE', 'DUPLICATE', 'OTHER')),
    reason TEXT NOT NULL,
    bucket UUID,
    at BIGINT NOT NULL,
    CHECK ((status = 'resubmitted') = (bucket IS NOT NULL))
);
CREATE INDEX adjustment_state_of_bucket ON adjustment_state (bucket) WHERE bucket IS NOT NULL;

-- What the bank said, beside what it comes to.
ALTER TABLE reconciliation_row ADD COLUMN named TEXT;
ALTER TABLE reconciliation_row ADD COLUMN paid BOOLEAN;
ALTER TABLE reconciliation_row ADD COLUMN asked_by UUID;
ALTER TABLE reconciliation_row ADD COLUMN asked_at BIGINT;
ALTER TABLE reconciliation_row ADD CONSTRAINT reconciliation_row_asked_check
    CHECK ((asked_by IS NULL) = (asked_at IS NULL));
-- Nobody confirms alone that the bank has not paid, whatever the code says.
ALTER TABLE reconciliation_row ADD CONSTRAINT reconciliation_row_confirmed_check
    CHECK (answer <> 'pay_again' OR asked_by <> closed_by);
ALTER TABLE reconciliation_row DROP CONSTRAINT reconciliation_row_kind_check;
ALTER TABLE reconciliation_row ADD CONSTRAINT reconciliation_row_kind_check
    CHECK (kind IN ('matched', 'missing', 'different', 'duplicate', 'bounced', 'unknown'));

-- One more kind of movement.
ALTER TABLE movement DROP CONSTRAINT movement_kind_check;
ALTER TABLE movement ADD CONSTRAINT movement_kind_check
    CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse', 'raise', 'pay', 'claw_back', 'recover',
        'restore'));
-- A set-off is taken back with the approval that it was part of.
ALTER TABLE movement ADD CONSTRAINT movement_restore_check
    CHECK (kind <> 'restore'
        OR (clawback_fen > 0 AND payable_fen = 0 AND paid_fen = 0 AND reserved_fen = 0));

-- One more state of a settlement.
ALTER TABLE settlement DROP CONSTRAINT settlement_status_check;
ALTER TABLE settlement ADD CONSTRAINT settlement_status_check
    CHECK (status IN ('submitted', 'reviewed', 'returned', 'approved', 'paid', 'closed'));
ALTER TABLE settlement_bucket DROP CONSTRAINT settlement_bucket_stage_check;
ALTER TABLE settlement_bucket ADD CONSTRAINT settlement_bucket_stage_check
    CHECK (stage IN ('submitted', 'reviewed', 'returned', 'approved', 'paid', 'closed'));

-- Who released the line of a complaint that was upheld, and why.
ALTER TABLE dispute ADD COLUMN released TEXT;
-- Who has objected to the same thing before.
CREATE INDEX dispute_of_subject ON dispute (subject, id);
