DROP INDEX attempt_of_request;
DROP INDEX attempt_about;
DROP INDEX attempt_of_actor;
