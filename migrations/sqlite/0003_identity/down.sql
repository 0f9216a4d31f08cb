DROP TABLE revocation;
DROP TABLE refresh_token;
DROP TABLE session;
DROP TABLE account;
