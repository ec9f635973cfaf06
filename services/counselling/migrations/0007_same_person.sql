-- Pairs of cases that people of a centre have found to be one person's, or have asked a colleague to. `status`: apart, linked.
-- `links` holds both cases. A pair goes with the first of the two files.
create table same_person (
    id         uuid primary key,            -- follows from the two cases: counselling.domain.same_person.PAIRS
    version    int not null,
    status     text not null,
    links      uuid[] not null default '{}',
    data       jsonb not null,
    updated_at timestamptz not null
);
-- Whom a case is the same as.
create index same_person_links on same_person using gin (links);
