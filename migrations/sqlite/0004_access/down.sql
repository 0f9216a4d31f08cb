-- Fails, and leaves everything as it is, once an assistant has claimed for somebody: a fact is not taken back.
CREATE TABLE no_assisted_claim (claims INTEGER CHECK (claims = 0)) STRICT;
INSERT INTO no_assisted_claim SELECT COUNT(*) FROM assisted_claim;
DROP TABLE no_assisted_claim;
DROP TABLE assistant_use;
DROP TABLE assisted_claim;
ALTER TABLE retailer DROP COLUMN proposal;
DROP TABLE account_proposal;
