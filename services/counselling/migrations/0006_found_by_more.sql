-- People are found by their birth date as well, and by their name in another script: of whom a centre has taken in before, what
-- they are found by is made anew, one by one (handlers/walk_ins.py: mark_again).
insert into deadline (name, subject, owner, due_at)
select 'profile_marks', id, id, now() from walk_in where status = 'sealed'
on conflict (subject, name) do nothing;
