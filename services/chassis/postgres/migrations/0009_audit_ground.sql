-- Why somebody was shown what their role alone does not open, as a code (chassis/audit/rows.py). Null: it does, or nothing was.
alter table audit add column ground text check (length(ground) between 1 and 200);
