-- The access token with which pages act at services in the person's name. `access_box`: sealed under a key that follows
-- from the session's id, of which this table has the hash alone (sign_in/access.py). It goes with its row, or once
-- `access_until` is over.
alter table sign_in add access_box text, add access_until timestamptz;
