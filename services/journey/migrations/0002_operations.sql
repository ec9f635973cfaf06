-- What services tell of their operation (journey.domain.consumption): places, codes and times, and nothing of any case.

-- A service as it has reported last. `status`: heard.
create table reader (
    id         uuid primary key,            -- by which it tells: chassis.pure.operations.reader_of
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- journey.domain.consumption.Reader
    updated_at timestamptz not null
);

-- By when a service had come how far, a row per stretch of a partition. `status`: handled.
create table handled (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- journey.domain.consumption.Handled
    updated_at timestamptz not null,
    reader     uuid not null generated always as ((data->>'reader')::uuid) stored,
    topic      text not null generated always as (data->>'topic') stored,
    partition  int not null generated always as ((data->>'partition')::int) stored,
    era        int not null generated always as ((data #>> '{samples,-1,era}')::int) stored,
    -- what the last sample says is read next; what an earlier era says beyond that is undone
    read_to    bigint not null generated always as ((data #>> '{samples,-1,next_offset}')::bigint) stored,
    -- the day of the last sample: by the end of it, a rebuild changes nothing
    told_on    timestamptz generated always as (make_date(
        substr(data #>> '{samples,-1,at}', 1, 4)::int, substr(data #>> '{samples,-1,at}', 6, 2)::int,
        substr(data #>> '{samples,-1,at}', 9, 2)::int)::timestamp at time zone 'UTC') stored
);
-- the end of its term
create index handled_told on handled (told_on);
-- from a record to the first stretch that reaches beyond it
create index handled_beyond on handled (topic, partition, reader, read_to);

-- A record that a service has parked, and what has become of it. `status`: parked, retried, failed, handled, discarded.
create table mishap (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- journey.domain.consumption.Mishap
    updated_at timestamptz not null,
    -- the day of the last step
    told_on    timestamptz generated always as (make_date(
        substr(data #>> '{steps,-1,at}', 1, 4)::int, substr(data #>> '{steps,-1,at}', 6, 2)::int,
        substr(data #>> '{steps,-1,at}', 9, 2)::int)::timestamp at time zone 'UTC') stored
);
-- the end of its term
create index mishap_told on mishap (told_on);
-- what stands still at the services
create index mishap_open on mishap (updated_at) where status in ('parked', 'retried', 'failed');
