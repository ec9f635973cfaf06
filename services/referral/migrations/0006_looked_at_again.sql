-- Cases of which it was told that they have ended, although their desk has gone on with the person since, or plans a departure: each is
-- looked at once, and told (handlers/retention.py: end_untold).
insert into deadline (name, subject, owner, due_at)
select 'case_end', id, id, now() from case_file where data #>> '{ended,on}' is not null
on conflict (subject, name) do nothing;
