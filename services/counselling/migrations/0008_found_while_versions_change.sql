-- People whose hashes an earlier version has made: a worker finds them and makes them anew, also those that a process of that version
-- takes down while both run (handlers/walk_ins.py: mark).
create index walk_in_unmarked on walk_in (id) where status = 'sealed' and coalesce((data ->> 'marking')::int, 0) < 1;
