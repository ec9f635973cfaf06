-- People whom a centre has taken in by itself; id is the case_id. `status`: nameless, sealed, or destroyed, when the key of the
-- profile is gone and nothing of it can be read any more. The only table of the centres with a name in any form: ciphertext
-- per part, and each part's wrapped data key.
create table walk_in (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    data       jsonb not null,
    updated_at timestamptz not null,
    case_ref   text not null generated always as (data->>'case_ref') stored
);
-- Two people must never be read out the same reference: a new one is drawn.
create unique index walk_in_ref on walk_in (case_ref);

-- What people have signed at a centre; id is the consent_id. `status`: granted, withdrawn. Evidence is kept: rows are never
-- deleted by a withdrawal. `links` holds the case.
create table signed_consent (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    links      uuid[] not null default '{}',
    data       jsonb not null,
    updated_at timestamptz not null
);
-- All that a person has signed.
create index signed_consent_links on signed_consent using gin (links);
-- Who says that they were here before: found by keyed hashes of the words of a name, and of a phone number. Without the key
-- file a hash leads to nobody.
create index walk_in_marks on walk_in using gin ((data -> 'marks'));
-- Whose case has ended, of those: what is due by its term.
create index centre_file_ended on centre_file (id) where data #>> '{ended,on}' is not null;
-- And by the reference that is on their paper.
create index centre_file_ref on centre_file ((data ->> 'case_ref'));
