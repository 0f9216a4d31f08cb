-- What comes in and goes out: files of tables, the product list.

-- The fact that a file was taken. Its identity follows from the table, the file's SHA-256 and the product list whose place
-- it took, so that the same file is taken once.
CREATE TABLE import_file (
    id UUID PRIMARY KEY,
    of_table TEXT NOT NULL CHECK (of_table IN ('retailers', 'stores', 'recyclers', 'products')),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    rows BIGINT NOT NULL CHECK (rows > 0),
    replaces UUID NOT NULL,
    -- The digest over the entries of a product list.
    entries TEXT CHECK (length(entries) = 64),
    author UUID NOT NULL,
    at BIGINT NOT NULL,
    CHECK ((of_table = 'products') = (entries IS NOT NULL))
);
CREATE INDEX import_file_newest ON import_file (of_table, at, id);
CREATE TRIGGER import_file_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON import_file
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Entries of the product list: facts. The newest of a trade item number counts.
CREATE TABLE product (
    id UUID PRIMARY KEY,
    import UUID NOT NULL,
    row_number BIGINT NOT NULL CHECK (row_number > 0),
    gtin TEXT NOT NULL CHECK (length(gtin) = 14),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    brand TEXT NOT NULL,
    model TEXT NOT NULL,
    energy_level INTEGER CHECK (energy_level BETWEEN 1 AND 5),
    filed_price_fen BIGINT CHECK (filed_price_fen >= 0),
    at BIGINT NOT NULL
);
CREATE INDEX product_by_gtin ON product (gtin, at, id);
-- A file's entries in their order, for the digest over them; and each row once.
CREATE UNIQUE INDEX product_of_import ON product (import, row_number);
CREATE TRIGGER product_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON product
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who is registered under a code already.
CREATE INDEX retailer_by_uscc ON retailer (uscc);
CREATE INDEX recycler_by_uscc ON recycler (uscc);
