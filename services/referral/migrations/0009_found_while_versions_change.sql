-- Profiles whose hashes an earlier version has made, or none: a worker finds them and makes them anew, also those that a process of that
-- version writes while both run (handlers/marks.py: mark).
create index profile_unmarked on profile (id) where status = 'sealed' and coalesce((data ->> 'marking')::int, 0) < 1;
