-- Who owes what a deadline is about, and whom it concerns; null where nobody does. `approaches_at`: when the debtor is to be
-- reminded, null once that was done. `changed_at`: when it was set or moved last: lists say by it what is new. What was set before is owed by nobody until it is set anew.
alter table deadline
    add column role text,
    add column org text,
    add column about uuid,
    add column approaches_at timestamptz,
    add column changed_at timestamptz not null default clock_timestamp(),
    add constraint deadline_owed check (num_nulls(role, org, about) in (0, 3));
-- What the runner asks for; least() takes no notice of what is null.
create index deadline_first on deadline (least(due_at, approaches_at));
-- What the list asks for: of one organisation, by time.
create index deadline_org on deadline (org, due_at) where org is not null;
