DROP TABLE webhook_miss;
DROP TABLE webhook;
