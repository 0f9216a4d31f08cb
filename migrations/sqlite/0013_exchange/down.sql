DROP INDEX recycler_by_uscc;
DROP INDEX retailer_by_uscc;
DROP TABLE product;
DROP TABLE import_file;
