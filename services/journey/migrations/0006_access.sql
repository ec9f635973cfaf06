-- The access token with which pages act at services in the person's name. `access_box`: sealed under a key that follows
-- from the session's id, of which this table has the hash alone (sign_in/access.py). Nobody is given it once
-- `access_until` or the session is over; it is deleted at the next sign-in of anybody, or with its row a day later.
alter table sign_in add access_box text, add access_until timestamptz;
