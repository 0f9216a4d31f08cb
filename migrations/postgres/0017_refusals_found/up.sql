-- Refusals are found by whom they were told to, by what they were about, and by the request that was refused.

CREATE INDEX attempt_of_actor ON attempt (actor, at);
CREATE INDEX attempt_about ON attempt (subject);
CREATE INDEX attempt_of_request ON attempt (request_id);
