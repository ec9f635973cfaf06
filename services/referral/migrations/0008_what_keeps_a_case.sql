-- A seat at a provider, or a way into a vacancy, keeps a case from its end: each of whom one is open is looked at once, and what has
-- changed is told (handlers/retention.py: end_untold).
insert into deadline (name, subject, owner, due_at)
select 'case_end', id, id, now() from case_file where data @? '$.engagements[*] ? (@.over == false)'
on conflict (subject, name) do nothing;
