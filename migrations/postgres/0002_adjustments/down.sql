-- Fails, and leaves everything as it is, once an adjustment was posted: a fact is not taken back.
ALTER TABLE movement DROP CONSTRAINT movement_raise_check;
ALTER TABLE movement DROP CONSTRAINT movement_kind_check;
ALTER TABLE movement ADD CONSTRAINT movement_kind_check
    CHECK (kind IN ('adjust', 'reserve', 'expire', 'cancel', 'redeem', 'reverse'));
DROP TABLE adjustment;
