-- Several cases of one person: `links` holds every other one that was ever told to be the same person's.
alter table candidate add column links uuid[] not null default '{}';
-- the other cases of a person
create index candidate_links on candidate using gin (links);
-- GET /summary: people with several cases, who are few
create index candidate_linked on candidate (country) where cardinality(links) > 0;
