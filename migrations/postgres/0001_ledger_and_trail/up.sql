-- The ledger, the trail and the records of one division.
--
-- One schema holds one division; `claim` alone is shared by all and stands in `public`. Types that both databases
-- have: moments are microseconds since 1970 in UTC, days are the number yyyymmdd (Asia/Shanghai), money is whole fen,
-- words are checked texts, lists and nested values are JSON as text, byte for byte, because some of it is hashed.
-- Fillfactor 90 where rows are updated: the new version of a row finds room on its page and no index is touched.

-- The newest record's place in the chain. There is one row, and locking it is the writer lock of the division.
CREATE TABLE audit_head (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    seq BIGINT NOT NULL CHECK (seq >= 0),
    hash TEXT NOT NULL CHECK (length(hash) = 64),
    at BIGINT NOT NULL
) WITH (fillfactor = 50);
INSERT INTO audit_head (id, seq, hash, at)
    VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000', 0);

-- The trail. `body` is hashed together with the hash before it; the sequence gives the order, not the time.
CREATE TABLE audit_record (
    seq BIGINT PRIMARY KEY CHECK (seq > 0),
    at BIGINT NOT NULL,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    hash TEXT NOT NULL CHECK (length(hash) = 64)
);

-- What was done under which command, so that a repeat is answered and not done again.
CREATE TABLE command_log (
    id UUID PRIMARY KEY,
    fingerprint UUID NOT NULL,
    outcome TEXT NOT NULL,
    at BIGINT NOT NULL
);

CREATE TABLE programme (
    id TEXT PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('draft', 'published', 'paused', 'closed')),
    current_version BIGINT NOT NULL CHECK (current_version >= 0),
    latest_version BIGINT NOT NULL CHECK (latest_version >= current_version)
) WITH (fillfactor = 90);

-- A version is written anew while it is a draft and never again once it is published.
CREATE TABLE programme_version (
    programme TEXT NOT NULL REFERENCES programme (id),
    number BIGINT NOT NULL CHECK (number > 0),
    body TEXT NOT NULL,
    published_at BIGINT,
    PRIMARY KEY (programme, number)
);

CREATE TABLE retailer (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    uscc TEXT NOT NULL,
    divisions TEXT NOT NULL,
    account TEXT NOT NULL,
    contact TEXT,
    standing TEXT NOT NULL CHECK (standing IN ('registered', 'approved', 'suspended')),
    programmes TEXT NOT NULL
) WITH (fillfactor = 90);

CREATE TABLE store (
    id UUID PRIMARY KEY,
    retailer UUID NOT NULL REFERENCES retailer (id),
    name TEXT NOT NULL,
    address TEXT NOT NULL,
    division_code TEXT NOT NULL,
    town TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('registered', 'approved', 'suspended'))
) WITH (fillfactor = 90);
-- A retailer lists its stores.
CREATE INDEX store_of_retailer ON store (retailer, id);

CREATE TABLE recycler (
    id UUID PRIMARY KEY,
    name TEXT NOT NULL,
    uscc TEXT NOT NULL,
    address TEXT NOT NULL,
    division_code TEXT NOT NULL,
    town TEXT NOT NULL,
    opening_hours TEXT,
    latitude_micro BIGINT CHECK (latitude_micro BETWEEN -90000000 AND 90000000),
    longitude_micro BIGINT CHECK (longitude_micro BETWEEN -180000000 AND 180000000),
    categories TEXT NOT NULL,
    standing TEXT NOT NULL CHECK (standing IN ('registered', 'approved', 'suspended'))
) WITH (fillfactor = 90);

-- The identity is the keyed digest of the number; number and name stand here encrypted and masked, never in the clear.
CREATE TABLE person (
    id UUID PRIMARY KEY,
    number_lookup UUID NOT NULL,
    number_sealed TEXT NOT NULL,
    number_masked TEXT NOT NULL,
    name_lookup UUID NOT NULL,
    name_sealed TEXT NOT NULL,
    name_masked TEXT NOT NULL
) WITH (fillfactor = 90);

-- How far a person has used a quota; the identity is the digest of person, scope and period.
CREATE TABLE quota_use (
    id UUID PRIMARY KEY,
    person UUID NOT NULL,
    scope TEXT NOT NULL,
    period INTEGER NOT NULL,
    live TEXT NOT NULL,
    issued BIGINT NOT NULL CHECK (issued >= 0),
    lapsed BIGINT NOT NULL CHECK (lapsed BETWEEN 0 AND issued)
) WITH (fillfactor = 90);

CREATE TABLE turn_in (
    id UUID PRIMARY KEY,
    person UUID NOT NULL,
    owner_name TEXT NOT NULL,
    owner_number TEXT NOT NULL,
    recorder UUID NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('recorded', 'matched', 'voided')),
    voucher UUID,
    item TEXT NOT NULL,
    claims TEXT NOT NULL,
    recorded_at BIGINT NOT NULL,
    void_reason TEXT,
    -- Only a matched turn-in supports a voucher.
    CHECK ((status = 'matched') = (voucher IS NOT NULL))
) WITH (fillfactor = 90);
-- The recorder's list, newest first.
CREATE INDEX turn_in_of_recorder ON turn_in (recorder, id);
-- The owner's list, newest first.
CREATE INDEX turn_in_of_person ON turn_in (person, id);

CREATE TABLE voucher (
    id UUID PRIMARY KEY,
    programme TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    line UUID NOT NULL,
    person UUID NOT NULL,
    division_code TEXT NOT NULL,
    turn_in UUID,
    status TEXT NOT NULL CHECK (status IN ('issued', 'redeemed', 'reversed', 'expired', 'cancelled')),
    reserved_fen BIGINT NOT NULL CHECK (reserved_fen >= 0),
    issued_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL CHECK (expires_at >= issued_at),
    redemption UUID,
    claims TEXT NOT NULL,
    quotas TEXT NOT NULL,
    -- A used voucher names the redemption that used it.
    CHECK (status NOT IN ('redeemed', 'reversed') OR redemption IS NOT NULL)
) WITH (fillfactor = 90);
-- The holder's list, newest first.
CREATE INDEX voucher_of_person ON voucher (person, id);
-- The expiry job looks at live vouchers only, so that the index stays as small as their number.
CREATE INDEX voucher_live ON voucher (expires_at) WHERE status = 'issued';

-- The fact. Identities of item and invoice are held unique by `claim`, not by an index here.
CREATE TABLE redemption (
    id UUID PRIMARY KEY,
    voucher UUID NOT NULL,
    programme TEXT NOT NULL,
    version BIGINT NOT NULL CHECK (version > 0),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    line UUID NOT NULL,
    person UUID NOT NULL,
    retailer UUID NOT NULL,
    store UUID NOT NULL,
    town TEXT NOT NULL,
    clerk UUID NOT NULL,
    bucket UUID NOT NULL,
    turn_in UUID,
    at BIGINT NOT NULL,
    subsidy_fen BIGINT NOT NULL CHECK (subsidy_fen >= 0),
    merchant_bonus_fen BIGINT NOT NULL CHECK (merchant_bonus_fen >= 0),
    consumer_pays_fen BIGINT NOT NULL CHECK (consumer_pays_fen >= 0),
    funding TEXT NOT NULL,
    item TEXT NOT NULL,
    price TEXT NOT NULL,
    invoice TEXT NOT NULL,
    delivery TEXT NOT NULL,
    completed BOOLEAN NOT NULL,
    claims TEXT NOT NULL
);
-- The retailer's list, newest first; the one secondary index of this table, because each costs every redemption.
CREATE INDEX redemption_of_retailer ON redemption (retailer, id);

-- Exists once a redemption is no longer as it was made.
CREATE TABLE redemption_state (
    redemption UUID PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('reversed')),
    step UUID NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL
) WITH (fillfactor = 90);

-- What a retailer redeemed under a programme on a day: the unit that a settlement takes.
CREATE TABLE settlement_bucket (
    id UUID PRIMARY KEY,
    retailer UUID NOT NULL,
    programme TEXT NOT NULL,
    day INTEGER NOT NULL,
    settlement UUID
) WITH (fillfactor = 90);

-- Identities that count once, across all programmes and divisions: the key holds even if the code is wrong. A freed
-- identity keeps its row without a holder. `previous` is the holder as the writer had read it; an upsert whose
-- `previous` is no longer the holder changes nothing, and the writer sees that a row is missing from its count.
CREATE TABLE IF NOT EXISTS public.claim (
    hash UUID NOT NULL,
    kind SMALLINT NOT NULL CHECK (kind > 0),
    holder UUID,
    previous UUID,
    PRIMARY KEY (hash, kind)
) WITH (fillfactor = 90);

-- How many vouchers a release of a line has given out.
CREATE TABLE release_use (
    id UUID PRIMARY KEY,
    line UUID NOT NULL,
    opened_at BIGINT NOT NULL,
    issued BIGINT NOT NULL CHECK (issued >= 0)
) WITH (fillfactor = 90);

-- The figure that growth is measured against; each entry is a version, the newest counts.
CREATE TABLE growth_baseline (
    id UUID PRIMARY KEY,
    year INTEGER NOT NULL,
    value BIGINT NOT NULL CHECK (value >= 0),
    source TEXT NOT NULL,
    monthly TEXT,
    author UUID NOT NULL,
    at BIGINT NOT NULL
);

-- Trade-ins outside the service in a month (yyyymm); each entry is a version, the newest of a month counts.
CREATE TABLE off_system_trade_in (
    id UUID PRIMARY KEY,
    month INTEGER NOT NULL CHECK (month % 100 BETWEEN 1 AND 12),
    trade_ins BIGINT NOT NULL CHECK (trade_ins >= 0),
    source TEXT NOT NULL,
    author UUID NOT NULL,
    at BIGINT NOT NULL
);

-- One category of one programme with its pool. The appropriation is the contra account: all six sum to zero.
CREATE TABLE ledger_line (
    id UUID PRIMARY KEY,
    programme TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    appropriation_fen BIGINT NOT NULL CHECK (appropriation_fen <= 0),
    -- No oversell, whatever the code says.
    available_fen BIGINT NOT NULL CHECK (available_fen >= 0),
    reserved_fen BIGINT NOT NULL CHECK (reserved_fen >= 0),
    payable_fen BIGINT NOT NULL CHECK (payable_fen >= 0),
    paid_fen BIGINT NOT NULL CHECK (paid_fen >= 0),
    clawback_fen BIGINT NOT NULL CHECK (clawback_fen >= 0),
    CHECK (appropriation_fen + available_fen + reserved_fen + payable_fen + paid_fen + clawback_fen = 0)
) WITH (fillfactor = 50);

CREATE TABLE ledger_account (
    id UUID PRIMARY KEY,
    line UUID NOT NULL,
    retailer UUID NOT NULL,
    payable_fen BIGINT NOT NULL CHECK (payable_fen >= 0),
    paid_fen BIGINT NOT NULL CHECK (paid_fen >= 0),
    clawback_fen BIGINT NOT NULL CHECK (clawback_fen >= 0)
) WITH (fillfactor = 90);

-- One movement is one row with a delta per account: the double entry is held by the database.
CREATE TABLE movement (
    id UUID PRIMARY KEY,
    line UUID NOT NULL,
    retailer UUID,
    kind TEXT NOT NULL CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse')),
    subject UUID NOT NULL,
    appropriation_fen BIGINT NOT NULL,
    available_fen BIGINT NOT NULL,
    reserved_fen BIGINT NOT NULL,
    payable_fen BIGINT NOT NULL,
    paid_fen BIGINT NOT NULL,
    clawback_fen BIGINT NOT NULL,
    at BIGINT NOT NULL,
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
);

-- What reports read: sums of `rollup_entry` by key, changed in the transaction that writes the entry.
CREATE TABLE rollup (
    id UUID PRIMARY KEY,
    programme TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    retailer UUID NOT NULL,
    store UUID NOT NULL,
    town TEXT NOT NULL,
    effective_day INTEGER NOT NULL,
    recorded_day INTEGER NOT NULL,
    issued BIGINT NOT NULL,
    expired BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    redeemed BIGINT NOT NULL,
    reversed BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    without_old_item BIGINT NOT NULL,
    amount_reserved_fen BIGINT NOT NULL,
    amount_redeemed_fen BIGINT NOT NULL,
    amount_reversed_fen BIGINT NOT NULL
) WITH (fillfactor = 90);
-- Reports over a span of days. An update never changes the day, so it costs no index write.
CREATE INDEX rollup_by_day ON rollup (effective_day);

-- What was added to the rollups, and when it became known.
CREATE TABLE rollup_entry (
    id UUID PRIMARY KEY,
    subject UUID NOT NULL,
    programme TEXT NOT NULL,
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    retailer UUID NOT NULL,
    store UUID NOT NULL,
    town TEXT NOT NULL,
    effective_day INTEGER NOT NULL,
    recorded_day INTEGER NOT NULL,
    issued BIGINT NOT NULL,
    expired BIGINT NOT NULL,
    cancelled BIGINT NOT NULL,
    redeemed BIGINT NOT NULL,
    reversed BIGINT NOT NULL,
    completed BIGINT NOT NULL,
    without_old_item BIGINT NOT NULL,
    amount_reserved_fen BIGINT NOT NULL,
    amount_redeemed_fen BIGINT NOT NULL,
    amount_reversed_fen BIGINT NOT NULL,
    at BIGINT NOT NULL
);

-- What was refused, for the report of refusals and the anomaly rules.
CREATE TABLE attempt (
    id UUID PRIMARY KEY,
    at BIGINT NOT NULL,
    actor UUID NOT NULL,
    role TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    codes TEXT NOT NULL,
    request_id TEXT NOT NULL
);

-- Facts refuse every change and every removal. The role that serves lacks the privileges as well; this is the second
-- guard. They are inserted into and never upserted, so that a trigger per statement costs an insert nothing.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'append-only: % refuses %', TG_TABLE_NAME, TG_OP;
END
$$;
CREATE TRIGGER audit_record_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_record
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER movement_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON movement
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER redemption_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON redemption
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER rollup_entry_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON rollup_entry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER growth_baseline_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON growth_baseline
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER off_system_trade_in_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON off_system_trade_in
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- A published version refuses them too; a draft may be written anew.
CREATE TRIGGER published_version_is_never_changed BEFORE UPDATE OR DELETE ON programme_version
    FOR EACH ROW WHEN (OLD.published_at IS NOT NULL) EXECUTE FUNCTION refuse_change();
