-- What comes in and goes out: files of tables, the product list.

-- The fact that a file was taken. Its identity follows from the table, the file's SHA-256 and the product list whose place
-- it took, so that the same file is taken once.
CREATE TABLE import_file (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    of_table TEXT NOT NULL CHECK (of_table IN ('retailers', 'stores', 'recyclers', 'products')),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    rows INTEGER NOT NULL CHECK (rows > 0),
    replaces BLOB NOT NULL CHECK (length(replaces) = 16),
    -- The digest over the entries of a product list.
    entries TEXT CHECK (length(entries) = 64),
    author BLOB NOT NULL CHECK (length(author) = 16),
    at INTEGER NOT NULL,
    CHECK ((of_table = 'products') = (entries IS NOT NULL))
) STRICT;
CREATE INDEX import_file_newest ON import_file (of_table, at, id);
CREATE TRIGGER import_file_is_never_changed BEFORE UPDATE ON import_file BEGIN
    SELECT RAISE(ABORT, 'append-only: import_file refuses UPDATE');
END;
CREATE TRIGGER import_file_is_never_removed BEFORE DELETE ON import_file BEGIN
    SELECT RAISE(ABORT, 'append-only: import_file refuses DELETE');
END;

-- Entries of the product list: facts. The newest of a trade item number counts.
CREATE TABLE product (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    import BLOB NOT NULL CHECK (length(import) = 16),
    row_number INTEGER NOT NULL CHECK (row_number > 0),
    gtin TEXT NOT NULL CHECK (length(gtin) = 14),
    category TEXT NOT NULL CHECK (category IN (
        'refrigerator', 'washing_machine', 'television', 'air_conditioner', 'computer', 'water_heater', 'cooker',
        'range_hood', 'water_purifier', 'dishwasher', 'rice_cooker', 'microwave_oven', 'phone', 'tablet', 'watch',
        'glasses', 'car', 'ebike')),
    brand TEXT NOT NULL,
    model TEXT NOT NULL,
    energy_level INTEGER CHECK (energy_level BETWEEN 1 AND 5),
    filed_price_fen INTEGER CHECK (filed_price_fen >= 0),
    at INTEGER NOT NULL
) STRICT;
CREATE INDEX product_by_gtin ON product (gtin, at, id);
-- A file's entries in their order, for the digest over them; and each row once.
CREATE UNIQUE INDEX product_of_import ON product (import, row_number);
CREATE TRIGGER product_is_never_changed BEFORE UPDATE ON product BEGIN
    SELECT RAISE(ABORT, 'append-only: product refuses UPDATE');
END;
CREATE TRIGGER product_is_never_removed BEFORE DELETE ON product BEGIN
    SELECT RAISE(ABORT, 'append-only: product refuses DELETE');
END;

-- Who is registered under a code already.
CREATE INDEX retailer_by_uscc ON retailer (uscc);
CREATE INDEX recycler_by_uscc ON recycler (uscc);
