-- Staff: accounts, sessions, and what ends access tokens before they expire.

-- The identity is the digest of the login, so that a login is given once.
CREATE TABLE account (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    login TEXT NOT NULL CHECK (login <> '' AND login = lower(login)),
    role TEXT NOT NULL CHECK (role IN (
        'recycler', 'clerk', 'retailer', 'officer', 'reviewer', 'approver', 'finance', 'auditor', 'reader', 'admin',
        'assistant')),
    organisation BLOB CHECK (length(organisation) = 16),
    store BLOB CHECK (length(store) = 16),
    tasks TEXT NOT NULL,
    name TEXT NOT NULL,
    -- A PHC string of Argon2id, and secrets as the vault sealed them.
    password TEXT NOT NULL CHECK (password LIKE '$argon2id$%'),
    totp TEXT,
    pending_totp TEXT,
    totp_step INTEGER NOT NULL,
    must_change INTEGER NOT NULL CHECK (must_change IN (0, 1)),
    failed INTEGER NOT NULL CHECK (failed >= 0),
    locked_at INTEGER,
    disabled INTEGER NOT NULL CHECK (disabled IN (0, 1)),
    open TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    -- Who acts for an organisation says for which.
    CHECK ((organisation IS NOT NULL) = (role IN ('recycler', 'clerk', 'retailer'))),
    CHECK (store IS NULL OR role = 'clerk')
) STRICT;
-- The list of accounts, newest first; that of an organisation.
CREATE INDEX account_by_time ON account (created_at, id);
CREATE INDEX account_of_organisation ON account (organisation, created_at, id);

CREATE TABLE session (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    account BLOB NOT NULL CHECK (length(account) = 16),
    store BLOB CHECK (length(store) = 16),
    device BLOB CHECK (length(device) = 16),
    generation INTEGER NOT NULL CHECK (generation > 0),
    opened_at INTEGER NOT NULL,
    used_at INTEGER NOT NULL,
    idle_at INTEGER NOT NULL,
    lapses_at INTEGER NOT NULL,
    ended_at INTEGER,
    ending TEXT CHECK (ending IN (
        'signed_out', 'replayed', 'credentials', 'ended', 'disabled', 'superseded')),
    CHECK ((ended_at IS NULL) = (ending IS NULL))
) STRICT;

-- Every refresh token that was given out, by its digest: an old one that comes back betrays a copy.
CREATE TABLE refresh_token (
    id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    digest TEXT NOT NULL CHECK (length(digest) = 64),
    account BLOB NOT NULL CHECK (length(account) = 16),
    session BLOB NOT NULL CHECK (length(session) = 16),
    generation INTEGER NOT NULL CHECK (generation > 0),
    at INTEGER NOT NULL
) STRICT;
CREATE TRIGGER refresh_token_is_never_changed BEFORE UPDATE ON refresh_token BEGIN
    SELECT RAISE(ABORT, 'append-only: refresh_token refuses UPDATE');
END;
CREATE TRIGGER refresh_token_is_never_removed BEFORE DELETE ON refresh_token BEGIN
    SELECT RAISE(ABORT, 'append-only: refresh_token refuses DELETE');
END;

-- What ends access tokens: the row of a session, an organisation, a store or a device.
CREATE TABLE revocation (
    subject BLOB NOT NULL PRIMARY KEY CHECK (length(subject) = 16),
    ended INTEGER NOT NULL CHECK (ended IN (0, 1)),
    before_at INTEGER NOT NULL,
    at INTEGER NOT NULL,
    forget_at INTEGER NOT NULL
) STRICT;
-- What is new since the last look, which each replica asks every second.
CREATE INDEX revocation_by_time ON revocation (at);
