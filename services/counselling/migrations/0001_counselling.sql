-- The centres' files and the assessments, each a document with what it is found by beside it.

-- One file per case, from the first word of it to the end of support; id is the case_id. `status` is the stage, one of
-- unknown, expected, arrived_not_contacted, in_contact, assessed, declined, withdrawn, closed. `links` holds the ids of
-- all its referrals, those passed on to other centres included: a request names a referral, the lock is on the file.
-- `data` has codes, days and ids only; no name, contact or text about a person ever rests here.
create table centre_file (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    links      uuid[] not null default '{}',
    data       jsonb not null,
    updated_at timestamptz not null,
    -- What the list of files is sorted by: text in ISO form, because the cast to a date depends on a setting. A file
    -- without an arrival comes last.
    arrived_on text collate "C" generated always as (coalesce(data #>> '{arrival,arrived_on}', 'not yet')) stored
);
-- From a referral to its case, for every answer to a referral.
create index centre_file_links on centre_file using gin (links);
-- The worklist of a centre: files that list it in `centres`, which is short and changes only when a referral does.
create index centre_file_centres on centre_file using gin ((data -> 'centres'));
-- The inbox: files with a referral that waits at a centre. Referrals lie in the file because they change with it.
create index centre_file_referrals on centre_file using gin ((data -> 'referrals') jsonb_path_ops);
-- The worklist of the programme management: all files in one stage, in order of id.
create index centre_file_stage on centre_file (status, id);
-- Files of people who were never referred, the oldest first: they are not kept for ever.
create index centre_file_unknown on centre_file (updated_at) where status = 'unknown';
-- What has changed since, and the files in order of their last change.
create index centre_file_updated on centre_file (updated_at, id);
-- The files in order of arrival.
create index centre_file_arrived on centre_file (arrived_on, id);

-- Assessments of needs; id is the assessment_ref that NeedsAssessed tells. The levels per domain are health data in part
-- (special category): they have a table of their own so that reading files, backups of files and rights on files can do
-- without them. Rows are added and never changed. `links` holds the case.
create table assessment (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    links      uuid[] not null default '{}',
    data       jsonb not null,
    updated_at timestamptz not null
);
-- All assessments of a case, for the centre that has the person in its care.
create index assessment_links on assessment using gin (links);

-- The switch per country as it was read last. A country that was never switched has no row; there are 13 at most, and every
-- process reads all of them twice a second. `status`: active, suspended.
create table country_status (
    id         uuid primary key,            -- of the country: vocabulary.switch.id_of
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- vocabulary.switch.CountryStatus
    updated_at timestamptz not null
);
