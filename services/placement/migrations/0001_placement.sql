-- The way into work: people who look for work, employers, vacancies with everybody on the way to them.
-- Every table: `version` is the optimistic lock, `status` the machine state, `data` the aggregate as JSON. Generated
-- columns copy what lists filter on out of `data`; they are text because a cast of text to a date is not immutable.
-- Every list can be read in the order of `updated_at`, from a time on: what has changed since somebody looked.

-- One row per case that any topic has spoken of; a stub (`unknown`) until the referral topic has.
create table candidate (
    id             uuid primary key,
    version        int not null,
    status         text not null check (status in ('unknown', 'pooled', 'active', 'placed', 'withdrawn', 'rejected')),
    data           jsonb not null,
    updated_at     timestamptz not null,
    -- country of return, as the latest referral says it: every list of a desk is bound to its countries
    country        text generated always as (data -> 'profile' ->> 'country') stored,
    -- the summary counts returnees from Germany
    target_group   text generated always as (data -> 'profile' ->> 'target_group') stored,
    -- the clock to a job offer: the summary groups by its month
    arrived_on     text generated always as (data -> 'arrival' ->> 'on') stored,
    first_offer_on text generated always as (data ->> 'first_offer_on') stored,
    employed_on    text generated always as (data ->> 'employed_on') stored
);
-- GET /candidates: the pool of a country by status, paged by id
create index candidate_pool on candidate (country, status, id);
-- GET /candidates: what has changed
create index candidate_updated on candidate (updated_at, id);
-- GET /summary: those who have arrived, by country and month
create index candidate_arrived on candidate (country, arrived_on) where arrived_on is not null;

-- Organisations that offer work. Their names stay in this table: no event, log or metric carries them.
create table employer (
    id         uuid primary key,
    version    int not null,
    status     text not null check (status = 'listed'),
    data       jsonb not null,
    updated_at timestamptz not null,
    country    text generated always as (data ->> 'country') stored
);
-- GET /employers: those of a country, paged by id
create index employer_country on employer (country, id);
-- GET /employers: what has changed
create index employer_updated on employer (updated_at, id);

-- Vacancies with their candidacies, offers and employments: one row is the boundary inside which openings are counted.
create table vacancy (
    id          uuid primary key,
    version     int not null,
    status      text not null check (status in ('open', 'reserved', 'filled', 'expired', 'withdrawn')),
    -- ids of its people, candidacies and offers
    links       uuid[] not null default '{}',
    data        jsonb not null,
    updated_at  timestamptz not null,
    country     text generated always as (data ->> 'country') stored,
    employer_id text generated always as (data ->> 'employer_id') stored,
    isco08      text generated always as (data ->> 'isco08') stored
);
-- which vacancy a candidacy or offer belongs to, and every vacancy of a person
create index vacancy_links on vacancy using gin (links);
-- GET /vacancies: those of a country by status, paged by id
create index vacancy_country on vacancy (country, status, id);
-- GET /vacancies: what has changed; GET /offers: the vacancies whose offers may have, of all countries and of one
create index vacancy_updated on vacancy (updated_at, id);
create index vacancy_country_updated on vacancy (country, updated_at, id);

-- One row per job offer, for GET /offers: what that list is filtered and sorted by. It is an index of the documents in
-- `vacancy`, of a kind that PostgreSQL does not have: only the trigger below writes it, in the transaction that writes
-- the document, and nothing is decided on it.
create table offer (
    id         uuid primary key,
    vacancy_id uuid not null,
    case_id    uuid not null,
    country    text not null,
    status     text not null,
    starts_on  date not null,
    expires_at timestamptz not null
);
-- GET /offers: those of a country, in each of the orders; those of all countries
create index offer_country on offer (country, id);
create index offer_country_expiry on offer (country, expires_at, id);
create index offer_country_start on offer (country, starts_on, id);
create index offer_expiry on offer (expires_at, id);
create index offer_start on offer (starts_on, id);
-- GET /offers: those of a person
create index offer_case on offer (case_id, id);
-- GET /offers: from a vacancy that has changed to its offers
create index offer_vacancy on offer (vacancy_id);

create function list_offers() returns trigger language plpgsql as $$
begin
    insert into offer as listed (id, vacancy_id, case_id, country, status, starts_on, expires_at)
    select (made ->> 'id')::uuid, new.id, (candidacy ->> 'case_id')::uuid, new.country, made ->> 'status',
           (made ->> 'starts_on')::date, (made ->> 'expires_at')::timestamptz
    from jsonb_array_elements(new.data -> 'candidacies') as candidacy, lateral (select candidacy -> 'offer' as made) as its
    where made ->> 'id' is not null
    on conflict (id) do update set status = excluded.status where listed.status <> excluded.status;
    return null;
end $$;
create trigger offers_listed after insert or update of data on vacancy for each row execute function list_offers();

-- GET /offers: whether a desk of these countries, for which these recipients stand, may know a person at this time
-- (placement.domain.sight.Eyes.know). A function, because PostgreSQL takes a subquery in its place for so dear that it
-- would sort all offers for one page; it counts as an ordinary operator.
create function known_to_desk(person uuid, countries text[], recipients text[], at timestamptz) returns boolean
language sql stable cost 1 as $$
    select exists (
        select from candidate
        where id = person and country = any(countries) and data -> 'profile' ->> 'age_band' <> 'under_18' and exists (
            select from jsonb_array_elements(data -> 'consents') as consent
            where consent ->> 'purpose' = 'matching' and not (consent ->> 'withdrawn')::boolean
              and (consent ->> 'ends_at')::timestamptz > at and consent -> 'recipients' ?| recipients))
$$;

-- The switch per country as it was read last. A country that was never switched has no row; there are 13 at most, and every
-- process reads all of them twice a second. `status`: active, suspended.
create table country_status (
    id         uuid primary key,            -- of the country: vocabulary.switch.id_of
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- vocabulary.switch.CountryStatus
    updated_at timestamptz not null
);
