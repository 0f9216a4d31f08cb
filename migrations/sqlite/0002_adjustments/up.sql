-- Retroactive rises: what a later version of a programme gives more for a redemption of before.

-- The fact. The redemption, its voucher and its movements stay as they were.
CREATE TABLE adjustment (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    redemption BLOB NOT NULL CHECK (length(redemption) = 16),
    voucher BLOB NOT NULL CHECK (length(voucher) = 16),
    programme TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 1),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    line BLOB NOT NULL CHECK (length(line) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    store BLOB NOT NULL CHECK (length(store) = 16),
    before_fen INTEGER NOT NULL CHECK (before_fen >= 0),
    after_fen INTEGER NOT NULL,
    amount_fen INTEGER NOT NULL CHECK (amount_fen > 0),
    funding TEXT NOT NULL,
    author BLOB NOT NULL CHECK (length(author) = 16),
    at INTEGER NOT NULL,
    bucket BLOB NOT NULL CHECK (length(bucket) = 16),
    CHECK (after_fen = before_fen + amount_fen)
) STRICT;
-- A version raises a redemption once, whatever the code says; a redemption lists its adjustments by it.
CREATE UNIQUE INDEX adjustment_once ON adjustment (redemption, version);
-- The programme's list of what was posted, newest first.
CREATE INDEX adjustment_of_programme ON adjustment (programme, at, id);
CREATE TRIGGER adjustment_is_never_changed BEFORE UPDATE ON adjustment BEGIN
    SELECT RAISE(ABORT, 'append-only: adjustment refuses UPDATE');
END;
CREATE TRIGGER adjustment_is_never_removed BEFORE DELETE ON adjustment BEGIN
    SELECT RAISE(ABORT, 'append-only: adjustment refuses DELETE');
END;

-- Another kind of movement. Nothing was reserved for a rise: it comes out of what may still be promised. A check of a
-- table cannot be changed here, so the movements move as they are into a table that has the new one.
CREATE TABLE movement_with_rises (
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
INSERT INTO movement_with_rises SELECT * FROM movement;
DROP TABLE movement;
ALTER TABLE movement_with_rises RENAME TO movement;
CREATE TRIGGER movement_is_never_changed BEFORE UPDATE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses UPDATE');
END;
CREATE TRIGGER movement_is_never_removed BEFORE DELETE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses DELETE');
END;
