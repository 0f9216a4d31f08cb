-- Fails, and leaves everything as it is, once a file was handed in: a fact is not taken back.
CREATE TABLE no_evidence (facts INTEGER CHECK (facts = 0));
INSERT INTO no_evidence SELECT COUNT(*) FROM evidence_file;
DROP TABLE no_evidence;
DROP TABLE evidence_file;
