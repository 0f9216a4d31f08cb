DROP INDEX reconciliation_row_of_batch;
DROP INDEX bank_return_of_batch;
DROP INDEX adjustment_of_retailer;
