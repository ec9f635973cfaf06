-- The cases of the scout's desk, and the profiles under lock and key.

-- One document per case; id is the case_id. `status`: open, referred, accepted, arrived, in_support, completed, employed,
-- unserved. `links` holds the ids of the case's consents and referrals. `data` has codes, days and ids only.
create table case_file (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    links      uuid[] not null default '{}',
    data       jsonb not null,
    updated_at timestamptz not null,
    opened_by  text not null generated always as (data->>'opened_by') stored,
    country    text not null generated always as (data->>'country') stored,
    case_ref   text not null generated always as (data->>'case_ref') stored
);
-- From a consent or referral to its case.
create index case_file_links on case_file using gin (links);
-- The worklist of an organisation, in order of id.
create index case_file_desk on case_file (opened_by, id);
-- What has changed since a time, of one organisation or of all.
create index case_file_updated on case_file (updated_at, id);
-- Two people must never be read out the same reference: a new one is drawn.
create unique index case_file_ref on case_file (case_ref);
-- The closed loop: cases with a referral in some status, or with one whose answer is overdue.
create index case_file_referrals on case_file using gin ((data -> 'referrals') jsonb_path_ops);

-- The person's profile: ciphertext per field, and the wrapped data key of the case. `status`: sealed, or destroyed, when
-- the key is gone and nothing can be read any more. The only table of the chain with personal data in any form.
create table profile (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    data       jsonb not null,
    updated_at timestamptz not null
);

-- The switch per country: what it says, who has brought that about (keyed hashes), and the request that waits for a second
-- person. There are 13 rows at most, and every process reads all of them twice a second. `status`: active, suspended.
create table country_status (
    id         uuid primary key,            -- of the country: vocabulary.switch.id_of
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- referral.domain.country.CountrySwitch
    updated_at timestamptz not null
);
