-- The ledger, the trail and the records of one division.
--
-- The file is one division. It mirrors the tables for PostgreSQL: moments are microseconds since 1970 in UTC, days are
-- the number yyyymmdd (Asia/Shanghai), money is whole fen, words are checked texts, lists and nested values are JSON
-- as text, byte for byte, because some of it is hashed. Identities are blobs of sixteen bytes.

-- The newest record's place in the chain. There is one row, and locking it is the writer lock of the division.
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq INTEGER NOT NULL CHECK (seq >= 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    at INTEGER NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash, at)
    VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);

-- The trail. `body` is hashed together with the hash before it; the sequence gives the order, not the time.
CREATE TABLE audit_record (
    seq INTEGER PRIMARY KEY CHECK (seq > 0),
    at INTEGER NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
) STRICT;

-- What was done under which command, so that a repeat is answered and not done again.
CREATE TABLE command_log (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    fingerprint BLOB NOT NULL CHECK (length(fingerprint) = 16),
    outcome TEXT NOT NULL,
    at INTEGER NOT NULL
) STRICT;

CREATE TABLE programme (
    id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'paused', 'closed')),
    current_version INTEGER NOT NULL CHECK (current_version >= 0),
    latest_version INTEGER NOT NULL CHECK (latest_version >= current_version)
) STRICT;

-- A version is written anew while it is a draft and never again once it is published.
CREATE TABLE programme_version (
    programme TEXT NOT NULL REFERENCES programme (id),
    number INTEGER NOT NULL CHECK (number > 0),
    body TEXT NOT NULL,
    published_at INTEGER,
    PRIMARY KEY (programme, number)
) STRICT;

CREATE TABLE retailer (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    uscc TEXT NOT NULL,
    divisions TEXT NOT NULL,
    account TEXT NOT NULL,
    contact TEXT,
    standing TEXT NOT NULL CHECK (standing IN ('registered', 'approved', 'suspended')),
    programmes TEXT NOT NULL
) STRICT;

CREATE TABLE store (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16) REFERENCES retailer (id),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    division_code TEXT NOT NULL,
    town TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('registered', 'approved', 'suspended'))
) STRICT;
-- A retailer lists its stores.
CREATE INDEX store_of_retailer ON store (retailer, id);

CREATE TABLE recycler (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    name TEXT NOT NULL,
    uscc TEXT NOT NULL,
    address TEXT NOT NULL,
    division_code TEXT NOT NULL,
    town TEXT NOT NULL,
    opening_hours TEXT,
    latitude_micro INTEGER CHECK (latitude_micro BETWEEN -90000000 AND 90000000),
    longitude_micro INTEGER CHECK (longitude_micro BETWEEN -180000000 AND 180000000),
    categories TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('registered', 'approved', 'suspended'))
) STRICT;

-- The identity is the keyed digest of the number; number and name stand here encrypted and masked, never in the clear.
CREATE TABLE person (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    number_lookup BLOB NOT NULL CHECK (length(number_lookup) = 16),
    number_sealed TEXT NOT NULL,
    number_masked TEXT NOT NULL,
    name_lookup BLOB NOT NULL CHECK (length(name_lookup) = 16),
    name_sealed TEXT NOT NULL,
    name_masked TEXT NOT NULL
) STRICT;

-- How far a person has used a quota; the identity is the digest of person, scope and period.
CREATE TABLE quota_use (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    scope TEXT NOT NULL,
    period INTEGER NOT NULL,
    live TEXT NOT NULL,
    issued INTEGER NOT NULL CHECK (issued >= 0),
    lapsed INTEGER NOT NULL CHECK (lapsed BETWEEN 0 AND issued)
) STRICT;

CREATE TABLE turn_in (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    owner_name TEXT NOT NULL,
    owner_number TEXT NOT NULL,
    recorder BLOB NOT NULL CHECK (length(recorder) = 16),
    status TEXT NOT NULL CHECK (status IN ('recorded', 'matched', 'voided')),
    voucher BLOB CHECK (length(voucher) = 16),
    item TEXT NOT NULL,
    claims TEXT NOT NULL,
    recorded_at INTEGER NOT NULL,
    void_reason TEXT,
    -- Only a matched turn-in supports a voucher.
    CHECK ((status = 'matched') = (voucher IS NOT NULL))
) STRICT;
-- The recorder's list, newest first.
CREATE INDEX turn_in_of_recorder ON turn_in (recorder, id);
-- The owner's list, newest first.
CREATE INDEX turn_in_of_person ON turn_in (person, id);

CREATE TABLE voucher (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    programme TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    line BLOB NOT NULL CHECK (length(line) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    division_code TEXT NOT NULL,
    turn_in BLOB CHECK (length(turn_in) = 16),
    status TEXT NOT NULL CHECK (status IN ('issued', 'redeemed', 'reversed', 'expired', 'cancelled')),
    reserved_fen INTEGER NOT NULL CHECK (reserved_fen >= 0),
    issued_at INTEGER NOT NULL,
    expires_at INTEGER NOT NULL CHECK (expires_at >= issued_at),
    redemption BLOB CHECK (length(redemption) = 16),
    claims TEXT NOT NULL,
    quotas TEXT NOT NULL,
    -- A used voucher names the redemption that used it.
    CHECK (status NOT IN ('redeemed', 'reversed') OR redemption IS NOT NULL)
) STRICT;
-- The holder's list, newest first.
CREATE INDEX voucher_of_person ON voucher (person, id);
-- The expiry job looks at live vouchers only, so that the index stays as small as their number.
CREATE INDEX voucher_live ON voucher (expires_at) WHERE status = 'issued';

-- The fact. Identities of item and invoice are held unique by `claim`, not by an index here.
CREATE TABLE redemption (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    voucher BLOB NOT NULL CHECK (length(voucher) = 16),
    programme TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    line BLOB NOT NULL CHECK (length(line) = 16),
    person BLOB NOT NULL CHECK (length(person) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    store BLOB NOT NULL CHECK (length(store) = 16),
    town TEXT NOT NULL,
    clerk BLOB NOT NULL CHECK (length(clerk) = 16),
    bucket BLOB NOT NULL CHECK (length(bucket) = 16),
    turn_in BLOB CHECK (length(turn_in) = 16),
    at INTEGER NOT NULL,
    subsidy_fen INTEGER NOT NULL CHECK (subsidy_fen >= 0),
    merchant_bonus_fen INTEGER NOT NULL CHECK (merchant_bonus_fen >= 0),
    consumer_pays_fen INTEGER NOT NULL CHECK (consumer_pays_fen >= 0),
    funding TEXT NOT NULL,
    item TEXT NOT NULL,
    price TEXT NOT NULL,
    invoice TEXT NOT NULL,
    delivery TEXT NOT NULL,
    completed INTEGER NOT NULL CHECK (completed IN (0, 1)),
    claims TEXT NOT NULL
) STRICT;
-- The retailer's list, newest first; the one secondary index of this table, because each costs every redemption.
CREATE INDEX redemption_of_retailer ON redemption (retailer, id);

-- Exists once a redemption is no longer as it was made.
CREATE TABLE redemption_state (
    redemption BLOB NOT NULL PRIMARY KEY CHECK (length(redemption) = 16),
    status TEXT NOT NULL CHECK (status IN ('reversed')),
    step BLOB NOT NULL CHECK (length(step) = 16),
    at INTEGER NOT NULL,
    reason TEXT NOT NULL
) STRICT;

-- What a retailer redeemed under a programme on a day: the unit that a settlement takes.
CREATE TABLE settlement_bucket (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    programme TEXT NOT NULL,
    day INTEGER NOT NULL,
    settlement BLOB CHECK (length(settlement) = 16)
) STRICT;

-- Identities that count once, across all programmes and divisions: the key holds even if the code is wrong. A freed
-- identity keeps its row without a holder. `previous` is the holder as the writer had read it; an upsert whose
-- `previous` is no longer the holder changes nothing, and the writer sees that a row is missing from its count.
CREATE TABLE claim (
    hash BLOB NOT NULL CHECK (length(hash) = 16),
    kind INTEGER NOT NULL CHECK (kind > 0),
    holder BLOB CHECK (length(holder) = 16),
    previous BLOB CHECK (length(previous) = 16),
    PRIMARY KEY (hash, kind)
) STRICT, WITHOUT ROWID;

-- How many vouchers a release of a line has given out.
CREATE TABLE release_use (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    line BLOB NOT NULL CHECK (length(line) = 16),
    opened_at INTEGER NOT NULL,
    issued INTEGER NOT NULL CHECK (issued >= 0)
) STRICT;

-- The figure that growth is measured against; each entry is a version, the newest counts.
CREATE TABLE growth_baseline (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    year INTEGER NOT NULL,
    value INTEGER NOT NULL CHECK (value >= 0),
    source TEXT NOT NULL,
    monthly TEXT,
    author BLOB NOT NULL CHECK (length(author) = 16),
    at INTEGER NOT NULL
) STRICT;

-- Trade-ins outside the service in a month (yyyymm); each entry is a version, the newest of a month counts.
CREATE TABLE off_system_trade_in (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    month INTEGER NOT NULL CHECK (month % 100 BETWEEN 1 AND 12),
    trade_ins INTEGER NOT NULL CHECK (trade_ins >= 0),
    source TEXT NOT NULL,
    author BLOB NOT NULL CHECK (length(author) = 16),
    at INTEGER NOT NULL
) STRICT;

-- One category of one programme with its pool. The appropriation is the contra account: all six sum to zero.
CREATE TABLE ledger_line (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    programme TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    appropriation_fen INTEGER NOT NULL CHECK (appropriation_fen <= 0),
    -- No oversell, whatever the code says.
    available_fen INTEGER NOT NULL CHECK (available_fen >= 0),
    reserved_fen INTEGER NOT NULL CHECK (reserved_fen >= 0),
    payable_fen INTEGER NOT NULL CHECK (payable_fen >= 0),
    paid_fen INTEGER NOT NULL CHECK (paid_fen >= 0),
    clawback_fen INTEGER NOT NULL CHECK (clawback_fen >= 0),
    CHECK (appropriation_fen + available_fen + reserved_fen + payable_fen + paid_fen + clawback_fen = 0)
) STRICT;

CREATE TABLE ledger_account (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    line BLOB NOT NULL CHECK (length(line) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    payable_fen INTEGER NOT NULL CHECK (payable_fen >= 0),
    paid_fen INTEGER NOT NULL CHECK (paid_fen >= 0),
    clawback_fen INTEGER NOT NULL CHECK (clawback_fen >= 0)
) STRICT;

-- One movement is one row with a delta per account: the double entry is held by the database.
CREATE TABLE movement (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    line BLOB NOT NULL CHECK (length(line) = 16),
    retailer BLOB CHECK (length(retailer) = 16),
    kind TEXT NOT NULL CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse')),
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
        OR (retailer IS NOT NULL AND payable_fen <= 0 AND reserved_fen = 0 AND paid_fen = 0 AND clawback_fen = 0))
) STRICT;

-- What reports read: sums of `rollup_entry` by key, changed in the transaction that writes the entry.
CREATE TABLE rollup (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    programme TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    store BLOB NOT NULL CHECK (length(store) = 16),
    town TEXT NOT NULL,
    effective_day INTEGER NOT NULL,
    recorded_day INTEGER NOT NULL,
    issued INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    redeemed INTEGER NOT NULL,
    reversed INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    without_old_item INTEGER NOT NULL,
    amount_reserved_fen INTEGER NOT NULL,
    amount_redeemed_fen INTEGER NOT NULL,
    amount_reversed_fen INTEGER NOT NULL
) STRICT;
-- Reports over a span of days. An update never changes the day, so it costs no index write.
CREATE INDEX rollup_by_day ON rollup (effective_day);

-- What was added to the rollups, and when it became known.
CREATE TABLE rollup_entry (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    subject BLOB NOT NULL CHECK (length(subject) = 16),
    programme TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16),
    store BLOB NOT NULL CHECK (length(store) = 16),
    town TEXT NOT NULL,
    effective_day INTEGER NOT NULL,
    recorded_day INTEGER NOT NULL,
    issued INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    cancelled INTEGER NOT NULL,
    redeemed INTEGER NOT NULL,
    reversed INTEGER NOT NULL,
    completed INTEGER NOT NULL,
    without_old_item INTEGER NOT NULL,
    amount_reserved_fen INTEGER NOT NULL,
    amount_redeemed_fen INTEGER NOT NULL,
    amount_reversed_fen INTEGER NOT NULL,
    at INTEGER NOT NULL
) STRICT;

-- What was refused, for the report of refusals and the anomaly rules.
CREATE TABLE attempt (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    at INTEGER NOT NULL,
    actor BLOB NOT NULL CHECK (length(actor) = 16),
    role TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    codes TEXT NOT NULL,
    request_id TEXT NOT NULL
) STRICT;

-- Facts refuse every change and every removal.
CREATE TRIGGER audit_record_is_never_changed BEFORE UPDATE ON audit_record BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_record refuses UPDATE');
END;
CREATE TRIGGER audit_record_is_never_removed BEFORE DELETE ON audit_record BEGIN
    SELECT RAISE(ABORT, 'append-only: audit_record refuses DELETE');
END;
CREATE TRIGGER movement_is_never_changed BEFORE UPDATE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses UPDATE');
END;
CREATE TRIGGER movement_is_never_removed BEFORE DELETE ON movement BEGIN
    SELECT RAISE(ABORT, 'append-only: movement refuses DELETE');
END;
CREATE TRIGGER redemption_is_never_changed BEFORE UPDATE ON redemption BEGIN
    SELECT RAISE(ABORT, 'append-only: redemption refuses UPDATE');
END;
CREATE TRIGGER redemption_is_never_removed BEFORE DELETE ON redemption BEGIN
    SELECT RAISE(ABORT, 'append-only: redemption refuses DELETE');
END;
CREATE TRIGGER rollup_entry_is_never_changed BEFORE UPDATE ON rollup_entry BEGIN
    SELECT RAISE(ABORT, 'append-only: rollup_entry refuses UPDATE');
END;
CREATE TRIGGER rollup_entry_is_never_removed BEFORE DELETE ON rollup_entry BEGIN
    SELECT RAISE(ABORT, 'append-only: rollup_entry refuses DELETE');
END;
CREATE TRIGGER growth_baseline_is_never_changed BEFORE UPDATE ON growth_baseline BEGIN
    SELECT RAISE(ABORT, 'append-only: growth_baseline refuses UPDATE');
END;
CREATE TRIGGER growth_baseline_is_never_removed BEFORE DELETE ON growth_baseline BEGIN
    SELECT RAISE(ABORT, 'append-only: growth_baseline refuses DELETE');
END;
CREATE TRIGGER off_system_trade_in_is_never_changed BEFORE UPDATE ON off_system_trade_in BEGIN
    SELECT RAISE(ABORT, 'append-only: off_system_trade_in refuses UPDATE');
END;
CREATE TRIGGER off_system_trade_in_is_never_removed BEFORE DELETE ON off_system_trade_in BEGIN
    SELECT RAISE(ABORT, 'append-only: off_system_trade_in refuses DELETE');
END;
-- A published version refuses them too; a draft may be written anew.
CREATE TRIGGER published_version_is_never_changed BEFORE UPDATE ON programme_version
    WHEN OLD.published_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'append-only: programme_version refuses UPDATE');
END;
CREATE TRIGGER published_version_is_never_removed BEFORE DELETE ON programme_version
    WHEN OLD.published_at IS NOT NULL BEGIN
    SELECT RAISE(ABORT, 'append-only: programme_version refuses DELETE');
END;
