DROP INDEX audit_record_of_subject;
DROP TABLE audit_block;
DROP TABLE audit_checkpoint;
