-- Cases that have ended: what is kept of them ends by its terms. `retention.py` asks with the same condition.
create index case_file_ended on case_file (id) where data #>> '{ended,on}' is not null;
-- Those that had ended before ends were told: each is looked at once, and told (handlers/retention.py: end_untold).
insert into deadline (name, subject, owner, due_at)
select 'case_end', id, id, now() from case_file
where status not in ('open', 'referred', 'accepted', 'in_support')
on conflict (subject, name) do nothing;
