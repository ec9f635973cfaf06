-- Whether the last level of what is owed is over: then it stays in the list until it is done or owed no more, and fires no
-- more. What is due is looked for among the others.
alter table deadline
    add column missed boolean not null default false,
    add constraint deadline_missed check (not missed or (role is not null and approaches_at is null));
drop index deadline_due, deadline_first;
create index deadline_due on deadline (due_at) where not missed;
create index deadline_first on deadline (least(due_at, approaches_at)) where not missed;
