-- Staff: accounts, sessions, and what ends access tokens before they expire.

-- The identity is the digest of the login, so that a login is given once.
CREATE TABLE account (
    id UUID PRIMARY KEY,
    login TEXT NOT NULL CHECK (login <> '' AND login = lower(login)),
    role TEXT NOT NULL CHECK (role IN (
        'recycler', 'clerk', 'retailer', 'officer', 'reviewer', 'approver', 'finance', 'auditor', 'reader', 'admin',
        'assistant')),
    organisation UUID,
    store UUID,
    tasks TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A PHC string of Argon2id, and secrets as the vault sealed them.
    password TEXT NOT NULL CHECK (password LIKE '$argon2id$%'),
    totp TEXT,
    pending_totp TEXT,
    totp_step BIGINT NOT NULL,
    must_change BOOLEAN NOT NULL,
    failed BIGINT NOT NULL CHECK (failed >= 0),
    locked_at BIGINT,
    disabled BOOLEAN NOT NULL,
    open TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    -- Who acts for an organisation says for which.
    CHECK ((organisation IS NOT NULL) = (role IN ('recycler', 'clerk', 'retailer'))),
    CHECK (store IS NULL OR role = 'clerk')
) WITH (fillfactor = 90);
-- The list of accounts, newest first; that of an organisation.
CREATE INDEX account_by_time ON account (created_at, id);
CREATE INDEX account_of_organisation ON account (organisation, created_at, id);

CREATE TABLE session (
    id UUID PRIMARY KEY,
    account UUID NOT NULL,
    store UUID,
    device UUID,
    generation BIGINT NOT NULL CHECK (generation > 0),
    opened_at BIGINT NOT NULL,
    used_at BIGINT NOT NULL,
    idle_at BIGINT NOT NULL,
    lapses_at BIGINT NOT NULL,
    ended_at BIGINT,
    ending TEXT CHECK (ending IN (
        'signed_out', 'replayed', 'credentials', 'ended', 'disabled', 'superseded')),
    CHECK ((ended_at IS NULL) = (ending IS NULL))
) WITH (fillfactor = 90);

-- Every refresh token that was given out, by its digest: an old one that comes back betrays a copy.
CREATE TABLE refresh_token (
    id UUID PRIMARY KEY,
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    account UUID NOT NULL,
    session UUID NOT NULL,
    generation BIGINT NOT NULL CHECK (generation > 0),
    at BIGINT NOT NULL
);
CREATE TRIGGER refresh_token_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON refresh_token
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- What ends access tokens: the row of a session, an organisation, a store or a device.
CREATE TABLE revocation (
    subject UUID PRIMARY KEY,
    ended BOOLEAN NOT NULL,
    before_at BIGINT NOT NULL,
    at BIGINT NOT NULL,
    forget_at BIGINT NOT NULL
) WITH (fillfactor = 90);
-- What is new since the last look, which each replica asks every second.
CREATE INDEX revocation_by_time ON revocation (at);
