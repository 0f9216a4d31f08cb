-- Webhooks: where retailers' systems are told what became of redemptions and payments.

-- What is told follows from the trail; `cursor` is the number of the newest record that is done with.
CREATE TABLE webhook (
    id UUID PRIMARY KEY,
    retailer UUID NOT NULL REFERENCES retailer (id),
    url TEXT NOT NULL CHECK (url <> ''),
    label TEXT NOT NULL CHECK (label <> ''),
    kinds TEXT NOT NULL,
    serial BIGINT NOT NULL CHECK (serial > 0),
    overlap_until BIGINT,
    status TEXT NOT NULL CHECK (status IN ('active', 'stopped', 'removed')),
    cursor BIGINT NOT NULL CHECK (cursor >= 0),
    tries BIGINT NOT NULL CHECK (tries >= 0),
    retry_at BIGINT,
    failing_since BIGINT,
    failure TEXT,
    delivered_at BIGINT,
    created_at BIGINT NOT NULL,
    stopped_at BIGINT,
    reason TEXT,
    CHECK ((status = 'active') = (stopped_at IS NULL))
);
-- A retailer lists its webhooks, newest first.
CREATE INDEX webhook_of_retailer ON webhook (retailer, id);
-- The service looks for those that are to be told.
CREATE INDEX webhook_to_tell ON webhook (id) WHERE status = 'active';

-- Events that a webhook was not told, because its system refused them each time.
CREATE TABLE webhook_miss (
    id UUID PRIMARY KEY,
    webhook UUID NOT NULL REFERENCES webhook (id),
    event UUID NOT NULL,
    seq BIGINT NOT NULL CHECK (seq > 0),
    kind TEXT NOT NULL,
    failure TEXT NOT NULL,
    tries BIGINT NOT NULL CHECK (tries > 0),
    missed_at BIGINT NOT NULL,
    again_at BIGINT,
    delivered_at BIGINT
);
-- A webhook's list, newest first.
CREATE INDEX webhook_miss_of ON webhook_miss (webhook, seq);
-- What is to be tried once more.
CREATE INDEX webhook_miss_again ON webhook_miss (webhook, again_at) WHERE again_at IS NOT NULL;
