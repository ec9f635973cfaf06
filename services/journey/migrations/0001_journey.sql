-- Journey: what every topic has told, record by record, and two documents per case that the records add up to. All of it
-- can be deleted and is made anew from the topics.

-- One row per record that was read: its envelope, and what became of it. Never a body. Text from outside is kept only if it
-- is written as an id, or is one of the known words (types, roles, kinds of organisations): whatever else somebody writes
-- into a header stays out.
create table ledger (
    topic         text not null,
    partition     int not null,
    record_offset bigint not null,
    mark          bytea not null,          -- of its digest: a topic that was made anew has another record at its place
    key           text,                    -- of the record, if it is a UUID
    case_id       uuid,                    -- whom it is about; null: nobody, or it cannot be told
    type          text,
    source        text,
    sequence      bigint,
    event_id      uuid,
    causation_id  uuid,
    occurred_at   timestamptz,
    recorded_at   timestamptz,
    published_at  timestamptz,             -- Kafka's time of the record
    received_at   timestamptz not null default clock_timestamp(), -- all else is the same after a rebuild
    trace_id      text,
    actor_role    text,
    actor_org     text,
    verdict       text not null,           -- what its number said: chassis.consumer.positions.Verdict; unknown: of no known type
    fault         text,                    -- why it was parked; null: handled, or of a type that is not read
    coarsened     boolean not null default false, -- its term is over: months in place of times, and nobody's
    -- when the event was recorded by whoever told it, or else was published: what a case's timeline is sorted by
    told_at       timestamptz not null generated always as (coalesce(recorded_at, published_at, 'epoch'::timestamptz)) stored,
    primary key (topic, partition, record_offset, mark)
);
-- GET /ledger/{case_id}: the records of a case in the order in which they were told
create index ledger_case on ledger (case_id, told_at) where case_id is not null;
-- which record an event is: what caused another one, and whether one was told twice
create index ledger_event on ledger (event_id) where event_id is not null;
-- the end of a term: records under the key of a case whose type was not read
create index ledger_key on ledger (key) where case_id is null and key is not null;
-- the end of a term: records of no case
create index ledger_of_no_case on ledger (told_at) where case_id is null and not coarsened;

create index ledger_of_reports on ledger (told_at) where case_id is null and type like '%.ProgressReported.v1';

-- Where a case is. `status`: known.
create table journey (
    id         uuid primary key,            -- of the case
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- journey.domain.journey.Journey
    updated_at timestamptz not null
);

-- What has become of a case. `status`: counted.
create table outcome (
    id         uuid primary key,            -- of the case
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- journey.domain.outcome.Outcome
    updated_at timestamptz not null
);

-- The switch per country as it was read last. A country that was never switched has no row. `status`: active, suspended.
create table country_status (
    id         uuid primary key,            -- of the country: vocabulary.switch.id_of
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- vocabulary.switch.CountryStatus
    updated_at timestamptz not null
);
