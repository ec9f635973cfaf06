-- Profiles from before they had parts: the worker's sealer finds them here, and none is left once it has passed. `app.py`
-- asks with the same condition.
create index profile_in_one_piece on profile (id) where data ->> 'wrapped_key' is not null;

-- Keys that were taken back and that their receivers have not told to be destroyed: few, and somebody asks for them.
create index case_file_keys_owed on case_file (id)
    where data @? '$.shares[*] ? (@.revoked_at != null && @.destroyed_at == null)';
