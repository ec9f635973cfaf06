-- Cases of which it was told that they have ended, although their desk has gone on with the person since, or plans a departure: each is
-- looked at once, and told (handlers/retention.py: end_untold).
insert into deadline (name, subject, owner, due_at)
select 'case_end', id, id, now() from case_file where data #>> '{ended,on}' is not null
on conflict (subject, name) do nothing;
-- Cases of which somebody has been given keys of the profile, or waits for them: it is looked when that is to be looked at again
-- (handlers/sharing.py: look_again).
insert into deadline (name, subject, owner, due_at)
select 'profile_keys_end', id, id, now() from case_file where jsonb_array_length(data -> 'shares') > 0
on conflict (subject, name) do nothing;

-- Keys that somebody is asked for: those that were taken back and that their receivers have not told to be destroyed, and those that
-- a receiver waits for.
drop index case_file_keys_owed;
create index case_file_keys_owed on case_file (id)
    where data @? '$.shares[*] ? (@.destroyed_at == null && (@.revoked_at != null || @.shared_at == null))';

-- The month of a birthday outlives no profile.
delete from deadline d where d.name = 'age_band'
    and exists (select from profile p where p.id = d.owner and p.status = 'destroyed');
