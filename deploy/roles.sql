-- The two roles of huanxin on PostgreSQL: one that owns the tables and migrates, one that serves and can neither change
-- nor remove what was recorded. Run by an administrator of the database, with psql, before the first migration and
-- again after each one, and with each release, which may have changed this file. Running it twice changes nothing.
--
--   psql -v ON_ERROR_STOP=1 -d huanxin -f deploy/roles.sql
--   psql … -v schema=d360111 -f deploy/roles.sql                       a division in a schema of its own
--   psql … -v owner_password=… -v serve_password=… -f deploy/roles.sql  sets the passwords too

\if :{?schema}
\else
    \set schema public
\endif

SELECT 'CREATE ROLE huanxin_owner LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'huanxin_owner') \gexec
SELECT 'CREATE ROLE huanxin_serve LOGIN' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'huanxin_serve') \gexec
\if :{?owner_password}
    ALTER ROLE huanxin_owner PASSWORD :'owner_password';
\endif
\if :{?serve_password}
    ALTER ROLE huanxin_serve PASSWORD :'serve_password';
\endif

-- The owner makes the division's schema, and `claim`, which all divisions share, in `public`.
GRANT CONNECT, CREATE ON DATABASE :"DBNAME" TO huanxin_owner;
GRANT CONNECT ON DATABASE :"DBNAME" TO huanxin_serve;
CREATE SCHEMA IF NOT EXISTS :"schema" AUTHORIZATION huanxin_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE, CREATE ON SCHEMA public, :"schema" TO huanxin_owner;
GRANT USAGE ON SCHEMA public, :"schema" TO huanxin_serve;

-- `serve` looks for migrations when it starts, and that begins with CREATE TABLE IF NOT EXISTS of the list of those
-- that were run: PostgreSQL asks for this privilege even where the table is there. It gives no right on a table that
-- exists. Migrate as the owner before a new release serves, or the new tables belong to the wrong role.
GRANT CREATE ON SCHEMA :"schema" TO huanxin_serve;

-- A table that this file does not name yet can be read and added to, and not more.
ALTER DEFAULT PRIVILEGES FOR ROLE huanxin_owner IN SCHEMA :"schema" GRANT SELECT, INSERT ON TABLES TO huanxin_serve;

SELECT set_config('huanxin.schema', :'schema', false) \g /dev/null

DO $$
DECLARE
    division CONSTANT text := current_setting('huanxin.schema');
    append_only CONSTANT text[] := ARRAY[
        'audit_record', 'audit_checkpoint', 'audit_block', 'movement', 'redemption', 'adjustment', 'rollup_entry',
        'growth_baseline', 'off_system_trade_in', 'command_log', 'attempt', 'refresh_token', 'assisted_claim',
        'line_rejection', 'bank_return', 'repayment',
        'evidence_file', 'old_item_step', 'anomaly_rules', 'anomaly_scan', 'import_file', 'product'];
    states CONSTANT text[] := ARRAY[
        'audit_head', 'programme', 'programme_version', 'retailer', 'store', 'recycler', 'person', 'data_key', 'quota_use',
        'turn_in', 'voucher', 'redemption_state', 'adjustment_state', 'settlement_bucket', 'release_use', 'ledger_line',
        'ledger_account', 'rollup', 'claim', 'account', 'session', 'revocation', 'till', 'webhook', 'webhook_miss',
        'account_proposal', 'assistant_use', 'settlement', 'line_hold', 'payment_batch', 'reconciliation_row',
        'pickup', 'anomaly', 'dispute'];
    migrations CONSTANT text := '__diesel_schema_migrations';
    -- Kept for a time only: the retention job removes rows of these, and of nothing else.
    passing CONSTANT text[] := ARRAY['command_log', 'attempt', 'session', 'revocation'];
    found record;
BEGIN
    FOR found IN
        SELECT schemaname, tablename FROM pg_tables
        WHERE schemaname = division OR (schemaname = 'public' AND tablename = 'claim')
    LOOP
        EXECUTE format('REVOKE ALL ON %I.%I FROM huanxin_serve', found.schemaname, found.tablename);
        IF found.tablename = ANY (append_only) THEN
            EXECUTE format('GRANT SELECT, INSERT ON %I.%I TO huanxin_serve', found.schemaname, found.tablename);
        ELSIF found.tablename = ANY (states) THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I.%I TO huanxin_serve', found.schemaname, found.tablename);
        ELSIF found.tablename = migrations THEN
            EXECUTE format('GRANT SELECT ON %I.%I TO huanxin_serve', found.schemaname, found.tablename);
        ELSE
            EXECUTE format('GRANT SELECT, INSERT ON %I.%I TO huanxin_serve', found.schemaname, found.tablename);
            RAISE WARNING 'table % is in neither list of roles.sql: it may be read and added to', found.tablename;
        END IF;
        IF found.tablename = ANY (passing) THEN
            EXECUTE format('GRANT DELETE ON %I.%I TO huanxin_serve', found.schemaname, found.tablename);
        END IF;
    END LOOP;
END
$$;
