-- Webhooks: where retailers' systems are told what became of redemptions and payments.

-- What is told follows from the trail; `cursor` is the number of the newest record that is done with.
CREATE TABLE webhook (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    retailer BLOB NOT NULL CHECK (length(retailer) = 16) REFERENCES retailer (id),
    url TEXT NOT NULL CHECK (url <> ''),
    label TEXT NOT NULL CHECK (label <> ''),
    kinds TEXT NOT NULL,
    serial INTEGER NOT NULL CHECK (serial > 0),
    overlap_until INTEGER,
    status TEXT NOT NULL CHECK (status IN ('active', 'stopped', 'removed')),
    cursor INTEGER NOT NULL CHECK (cursor >= 0),
    tries INTEGER NOT NULL CHECK (tries >= 0),
    retry_at INTEGER,
    failing_since INTEGER,
    failure TEXT,
    delivered_at INTEGER,
    created_at INTEGER NOT NULL,
    stopped_at INTEGER,
    reason TEXT,
    CHECK ((status = 'active') = (stopped_at IS NULL))
) STRICT;
-- A retailer lists its webhooks, newest first.
CREATE INDEX webhook_of_retailer ON webhook (retailer, id);
-- The service looks for those that are to be told.
CREATE INDEX webhook_to_tell ON webhook (id) WHERE status = 'active';

-- Events that a webhook was not told, because its system refused them each time.
CREATE TABLE webhook_miss (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    webhook BLOB NOT NULL CHECK (length(webhook) = 16) REFERENCES webhook (id),
    event BLOB NOT NULL CHECK (length(event) = 16),
    seq INTEGER NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL,
    failure TEXT NOT NULL,
    tries INTEGER NOT NULL CHECK (tries > 0),
    missed_at INTEGER NOT NULL,
    again_at INTEGER,
    delivered_at INTEGER
) STRICT;
-- A webhook's list, newest first.
CREATE INDEX webhook_miss_of ON webhook_miss (webhook, seq);
-- What is to be tried once more.
CREATE INDEX webhook_miss_again ON webhook_miss (webhook, again_at) WHERE again_at IS NOT NULL;
