-- Retroactive rises: what a later version of a programme gives more for a redemption of before.

-- The fact. The redemption, its voucher and its movements stay as they were.
CREATE TABLE adjustment (
    id UUID PRIMARY KEY,
    redemption UUID NOT NULL,
    voucher UUID NOT NULL,
    programme TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 1),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    line UUID NOT NULL,
    retailer UUID NOT NULL,
    store UUID NOT NULL,
    before_fen BIGINT NOT NULL CHECK (before_fen >= 0),
    after_fen BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL CHECK (amount_fen > 0),
    funding TEXT NOT NULL,
    author UUID NOT NULL,
    at BIGINT NOT NULL,
    bucket UUID NOT NULL,
    CHECK (after_fen = before_fen + amount_fen)
);
-- A version raises a redemption once, whatever the code says; a redemption lists its adjustments by it.
CREATE UNIQUE INDEX adjustment_once ON adjustment (redemption, version);
-- The programme's list of what was posted, newest first.
CREATE INDEX adjustment_of_programme ON adjustment (programme, at, id);
CREATE TRIGGER adjustment_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON adjustment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Another kind of movement. Nothing was reserved for a rise: it comes out of what may still be promised.
ALTER TABLE movement DROP CONSTRAINT movement_kind_check;
ALTER TABLE movement ADD CONSTRAINT movement_kind_check
    CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse', 'raise'));
ALTER TABLE movement ADD CONSTRAINT movement_raise_check
    CHECK (kind <> 'raise'
        OR (retailer IS NOT NULL AND payable_fen > 0 AND reserved_fen = 0 AND paid_fen = 0 AND clawback_fen = 0));
