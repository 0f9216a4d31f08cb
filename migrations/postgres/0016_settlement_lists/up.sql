-- Lists of settlements that would read a table from its beginning.

-- What a settlement has of adjustments: those of its retailer, posted within its days.
CREATE INDEX adjustment_of_retailer ON adjustment (retailer, at, id);
-- What the bank has said of a file for the bank.
CREATE INDEX bank_return_of_batch ON bank_return (batch, at, id);
CREATE INDEX reconciliation_row_of_batch ON reconciliation_row (batch, id);
