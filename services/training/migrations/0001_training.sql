-- The two aggregates of the training service, in lock order.

-- A person who may learn before departure, as the referral topic tells of the case: codes and dates, never a name.
-- One row per case, the lock under which a request for a seat and a departure that moves wait for each other.
create table learner (
    id         uuid primary key,            -- the case
    version    int not null,                -- optimistic check: counts the writes
    status     text not null,               -- unknown, known, referred, departed
    data       jsonb not null,              -- training.domain.learner.Learner
    updated_at timestamptz not null
);

-- A course session with its enrolments and its waiting list: who locks this row decides about its seats.
create table course_session (
    id         uuid primary key,
    version    int not null,
    status     text not null,               -- open, full, finished, cancelled
    links      uuid[] not null default '{}', -- cases and enrolments of this session, ended ones too
    data       jsonb not null,              -- training.domain.session.CourseSession
    updated_at timestamptz not null,
    -- What the list of offers filters and sorts by. Days stay text: ISO dates sort as text, and the cast from text to
    -- date depends on a setting, which a generated column must not.
    provider   text generated always as (data->>'provider') stored,
    isco08     text generated always as (data->>'isco08') stored,
    language   text generated always as (data->>'language') stored,
    starts_on  text collate "C" generated always as (data->>'starts_on') stored,
    ends_on    text collate "C" generated always as (data->>'ends_on') stored,
    online     boolean generated always as ((data->>'online')::boolean) stored
);

-- An event about a case finds the sessions that know it; a route finds the session of an enrolment.
create index course_session_links on course_session using gin (links);
-- The list of offers is read page by page in each of these orders. By default what is over is left out: it becomes the
-- greater part of the table, so the index by first day knows the last day too.
create index course_session_by_start on course_session (starts_on, id, ends_on);
create index course_session_by_end on course_session (ends_on, id);
-- A clerk sees the sessions and enrolments of one provider.
create index course_session_by_provider on course_session (provider, starts_on, id);
create index course_session_by_provider_and_change on course_session (provider, updated_at, id);
-- What has changed since: of sessions, and of the enrolments in them.
create index course_session_by_change on course_session (updated_at, id);

-- One row per enrolment, for the list of enrolments: what it is sorted and filtered by, and where the enrolment stands.
-- This is an index of the documents in `course_session`, of a kind that PostgreSQL does not have: only the trigger below
-- writes it, in the transaction that writes the document, and nothing is decided on it.
create table enrolment (
    id           uuid primary key,          -- ids are ordered by time: the usual order
    session_id   uuid not null,
    case_id      uuid not null,
    requested_by text not null,
    status       text not null,             -- training.domain.enrolment.EnrolmentStatus
    provider     text not null              -- the session's, which never changes
);
-- From the sessions of a first day, or of a time of change, to their enrolments.
create index enrolment_session on enrolment (session_id);
-- A clerk sees a provider's, the latest first.
create index enrolment_provider on enrolment (provider, id);
-- All enrolments of a person.
create index enrolment_case on enrolment (case_id, id);
-- Scouts see what their organisation asked for, the latest first.
create index enrolment_requested_by on enrolment (requested_by, id);
-- The programme looks for those who wait.
create index enrolment_status on enrolment (status, id);

create function list_enrolments() returns trigger language plpgsql as $$
begin
    insert into enrolment as listed (id, session_id, case_id, requested_by, status, provider)
    select (entry->>'id')::uuid, new.id, (entry->>'case_id')::uuid, entry->>'requested_by', entry->>'status',
           new.provider
    from jsonb_array_elements(new.data->'enrolments') as entry
    on conflict (id) do update set status = excluded.status where listed.status <> excluded.status;
    return null;
end $$;
create trigger enrolments_listed after insert or update of data on course_session
    for each row execute function list_enrolments();

-- The switch per country as it was read last. A country that was never switched has no row; there are 13 at most, and every
-- process reads all of them twice a second. `status`: active, suspended.
create table country_status (
    id         uuid primary key,            -- of the country: vocabulary.switch.id_of
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- vocabulary.switch.CountryStatus
    updated_at timestamptz not null
);
