-- Settlement: what retailers are paid, and what they owe back.

-- A retailer's period. The totals of each step stand side by side; `body` has the signatures, what was frozen, and the
-- payment.
CREATE TABLE settlement (
    id UUID PRIMARY KEY,
    retailer UUID NOT NULL,
    from_day INTEGER NOT NULL,
    to_day INTEGER NOT NULL CHECK (to_day >= from_day),
    status TEXT NOT NULL CHECK (status IN ('submitted', 'reviewed', 'returned', 'approved', 'paid')),
    submitted_lines BIGINT NOT NULL CHECK (submitted_lines >= 0),
    submitted_fen BIGINT NOT NULL CHECK (submitted_fen >= 0),
    rejected_lines BIGINT NOT NULL CHECK (rejected_lines BETWEEN 0 AND submitted_lines),
    rejected_fen BIGINT NOT NULL CHECK (rejected_fen BETWEEN 0 AND submitted_fen),
    approved_lines BIGINT,
    approved_fen BIGINT,
    recovered_fen BIGINT NOT NULL CHECK (recovered_fen >= 0),
    due_day INTEGER,
    batch UUID,
    submitted_at BIGINT NOT NULL,
    body TEXT NOT NULL,
    -- What was approved is what was submitted and not rejected, to the line and to the fen.
    CHECK ((approved_lines IS NULL) = (approved_fen IS NULL)),
    CHECK (approved_lines IS NULL OR approved_lines = submitted_lines - rejected_lines),
    CHECK (approved_fen IS NULL OR approved_fen = submitted_fen - rejected_fen),
    CHECK ((approved_fen IS NOT NULL) = (status IN ('approved', 'paid'))),
    CHECK (recovered_fen = 0 OR recovered_fen <= approved_fen)
);
-- A retailer's list, newest first, and what is overdue.
CREATE INDEX settlement_of_retailer ON settlement (retailer, id);
CREATE INDEX settlement_due ON settlement (due_day) WHERE due_day IS NOT NULL;

-- A line that was refused: the fact.
CREATE TABLE line_rejection (
    id UUID PRIMARY KEY,
    settlement UUID NOT NULL,
    redemption UUID NOT NULL,
    code TEXT NOT NULL CHECK (code IN (
        'INVOICE', 'AMOUNT', 'SERIAL_NUMBER', 'PHOTO', 'ADDRESS', 'DELIVERY', 'CATEGORY', 'OLD_ITEM', 'IDENTITY',
        'PRICE', 'DUPLICATE', 'OTHER')),
    reason TEXT NOT NULL,
    lost_lines BIGINT NOT NULL CHECK (lost_lines > 0),
    lost_fen BIGINT NOT NULL CHECK (lost_fen >= 0),
    by_officer UUID NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX line_rejection_of_settlement ON line_rejection (settlement, id);
CREATE TRIGGER line_rejection_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON line_rejection
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Why a redemption's line is held; none when it is held no more.
CREATE TABLE line_hold (
    redemption UUID PRIMARY KEY,
    open TEXT NOT NULL
);

-- A file for the bank.
CREATE TABLE payment_batch (
    id UUID PRIMARY KEY,
    settlements TEXT NOT NULL,
    payments BIGINT NOT NULL CHECK (payments > 0),
    total_fen BIGINT NOT NULL CHECK (total_fen > 0),
    open TEXT NOT NULL,
    by_officer UUID NOT NULL,
    at BIGINT NOT NULL
);

-- A file of the bank that was taken in: the fact.
CREATE TABLE bank_return (
    id UUID PRIMARY KEY,
    batch UUID NOT NULL,
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    file_rows BIGINT NOT NULL CHECK (file_rows >= 0),
    by_officer UUID NOT NULL,
    at BIGINT NOT NULL
);
CREATE TRIGGER bank_return_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON bank_return
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What the bank's file says of a payment, or that it says nothing: a row to work on.
CREATE TABLE reconciliation_row (
    id UUID PRIMARY KEY,
    batch UUID NOT NULL,
    file UUID NOT NULL,
    file_row BIGINT,
    kind TEXT NOT NULL CHECK (kind IN ('matched', 'missing', 'different', 'duplicate', 'unknown')),
    settlement UUID,
    expected_fen BIGINT,
    found_fen BIGINT,
    reference TEXT,
    paid_on INTEGER,
    status TEXT NOT NULL CHECK (status IN ('open', 'closed')),
    answer TEXT CHECK (answer IN ('explained', 'pay_again')),
    note TEXT,
    closed_by UUID,
    closed_at BIGINT,
    at BIGINT NOT NULL,
    CHECK ((status = 'closed') = (closed_by IS NOT NULL)),
    CHECK ((kind = 'missing') = (file_row IS NULL)),
    CHECK (kind <> 'matched' OR (expected_fen IS NOT NULL AND expected_fen = found_fen))
);
CREATE INDEX reconciliation_row_by_status ON reconciliation_row (status, id);

-- What a retailer has repaid: the fact.
CREATE TABLE repayment (
    id UUID PRIMARY KEY,
    retailer UUID NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen > 0),
    recovered TEXT NOT NULL,
    reference TEXT NOT NULL,
    paid_on INTEGER NOT NULL,
    by_officer UUID NOT NULL,
    at BIGINT NOT NULL
);
CREATE INDEX repayment_of_retailer ON repayment (retailer, id);
CREATE TRIGGER repayment_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON repayment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What is in a bucket, how many of its redemptions are held, and how far its settlement is. The service was not in use
-- before this: no bucket has anything in it that these do not say.
ALTER TABLE settlement_bucket ADD COLUMN stage TEXT
    CHECK (stage IN ('submitted', 'reviewed', 'returned', 'approved', 'paid'));
ALTER TABLE settlement_bucket ADD COLUMN portions TEXT NOT NULL DEFAULT '[]';
ALTER TABLE settlement_bucket ADD COLUMN held BIGINT NOT NULL DEFAULT 0 CHECK (held >= 0);
-- The statement of a retailer's period.
CREATE INDEX settlement_bucket_of_retailer ON settlement_bucket (retailer, day);

-- Settlements that are on their way to the retailer's account.
ALTER TABLE retailer ADD COLUMN paying TEXT NOT NULL DEFAULT '[]';

-- Approved, paid and recovered, beside what was redeemed and reversed.
ALTER TABLE rollup ADD COLUMN amount_approved_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN amount_paid_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup ADD COLUMN amount_recovered_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup_entry ADD COLUMN amount_approved_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup_entry ADD COLUMN amount_paid_fen BIGINT NOT NULL DEFAULT 0;
ALTER TABLE rollup_entry ADD COLUMN amount_recovered_fen BIGINT NOT NULL DEFAULT 0;

-- More states of a redemption.
ALTER TABLE redemption_state DROP CONSTRAINT redemption_state_status_check;
ALTER TABLE redemption_state ADD CONSTRAINT redemption_state_status_check
    CHECK (status IN ('reversed', 'rejected', 'resubmitted', 'clawed_back'));
ALTER TABLE redemption_state ADD COLUMN rejection TEXT;
ALTER TABLE redemption_state ADD COLUMN bucket UUID;
ALTER TABLE redemption_state ADD CONSTRAINT redemption_state_rejection_check
    CHECK (status NOT IN ('rejected', 'resubmitted') OR rejection IS NOT NULL);
ALTER TABLE redemption_state ADD CONSTRAINT redemption_state_bucket_check
    CHECK (status <> 'resubmitted' OR bucket IS NOT NULL);
-- The lines that wait in a bucket anew.
CREATE INDEX redemption_state_of_bucket ON redemption_state (bucket) WHERE bucket IS NOT NULL;

-- More kinds of movement.
ALTER TABLE movement DROP CONSTRAINT movement_kind_check;
ALTER TABLE movement ADD CONSTRAINT movement_kind_check
    CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse', 'raise', 'pay', 'claw_back', 'recover'));
-- What was owed is paid.
ALTER TABLE movement ADD CONSTRAINT movement_pay_check
    CHECK (kind <> 'pay'
        OR (paid_fen >= 0 AND available_fen = 0 AND reserved_fen = 0 AND clawback_fen = 0));
-- What was paid is owed back; what was not paid yet is available again.
ALTER TABLE movement ADD CONSTRAINT movement_claw_back_check
    CHECK (kind <> 'claw_back'
        OR (clawback_fen > 0 AND paid_fen = -clawback_fen AND payable_fen <= 0 AND reserved_fen = 0));
-- What was owed back is available again.
ALTER TABLE movement ADD CONSTRAINT movement_recover_check
    CHECK (kind <> 'recover'
        OR (clawback_fen < 0 AND payable_fen = 0 AND paid_fen = 0 AND reserved_fen = 0));
