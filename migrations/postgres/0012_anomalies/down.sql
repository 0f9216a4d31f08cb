-- Fails, and leaves everything as it is, once rules were set or a day was scanned: a fact is not taken back.
CREATE TABLE no_anomalies (entries INTEGER CHECK (entries = 0));
INSERT INTO no_anomalies SELECT COUNT(*) FROM anomaly_rules;
INSERT INTO no_anomalies SELECT COUNT(*) FROM anomaly_scan;
DROP TABLE no_anomalies;
DROP TABLE dispute;
DROP TABLE anomaly;
DROP TABLE anomaly_scan;
DROP TABLE anomaly_rules;
ALTER TABLE voucher DROP COLUMN device;
