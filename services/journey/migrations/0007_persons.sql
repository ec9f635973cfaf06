-- Cases of one person: a case is found by every other one that a centre has told to be the same person's.
alter table outcome add column links uuid[] not null default '{}';
create index outcome_links on outcome using gin (links);
