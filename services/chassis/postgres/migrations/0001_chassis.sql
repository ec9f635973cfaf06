-- What every service's database needs for ordered, exactly-once-in-effect event handling.

-- The last sequence number given out per stream key, and when its event was recorded: by this server's clock, and always
-- later than the event before. Locked while a transaction appends events of that key. A key has one topic for ever.
create table stream (
    key         text primary key,
    topic       text not null,
    sequence    bigint not null,
    recorded_at timestamptz not null default clock_timestamp()
);

-- Events that are committed but not yet acknowledged by Kafka; published and deleted in order of id by one leader.
-- `record` has key, value and headers as they go on the wire (chassis/outbox/records.py).
-- The sequence must hand out ids one by one (CACHE 1): the relay's low-water mark relies on it.
create table outbox (
    id         bigint generated always as identity (cache 1) primary key,
    topic      text not null,
    key        text not null,
    record     bytea not null check (octet_length(record) <= 262144),
    created_at timestamptz not null default clock_timestamp()
) with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Up to which offset this database knows what it has published, per partition of its topics: everything that stands there
-- below `next_offset` is counted in `stream`. `last_id` is the ce_id of the record before it. Written by the relay, at
-- most once a second. What stands behind it tells a database that was put back to an earlier state from one that was not.
create table lineage (
    topic       text not null,
    partition   int not null,
    next_offset bigint not null,
    last_id     text not null,
    primary key (topic, partition)
) with (fillfactor = 50);

-- Why nothing is published: this database has forgotten what it published (`database`), or the broker has forgotten what
-- it acknowledged (`broker`). No row: nothing was lost.
create table halt (
    kind   text primary key check (kind in ('database', 'broker')),
    since  timestamptz not null default clock_timestamp(),
    detail text not null
);

-- What operators did about it: who, when, why, and in numbers what they brought in order.
create table reconciliation (
    id         bigint generated always as identity primary key,
    decided_at timestamptz not null default clock_timestamp(),
    decided_by text not null,
    reason     text not null,
    report     json not null
);

-- How far each key of a topic was read: inbox, order check and gap check in one row (chassis/consumer/positions.py).
-- `open` has the numbers up to `sequence` whose events were not handled here; they are no repeats when they come.
-- `recent` tells the last handled events from others of their numbers, `last_recorded` is the latest time at which an
-- event that was seen was recorded. A blocked key has parked records; later ones queue behind them.
create table position (
    source        text not null,
    key           text not null,
    sequence      bigint not null,
    open          int8multirange not null default '{}',
    recent        bytea not null default '',
    last_recorded timestamptz,
    blocked       boolean not null default false,
    primary key (source, key)
);
create index position_blocked on position (source, key) where blocked;

-- How far each partition was read: where its next reader begins. Written in the transaction of the effects, so both are
-- put back together. `term` counts the readers, and only the last one may move it: one that was taken for dead and wakes
-- up commits nothing. `lease`: the number of the advisory lock of whoever reads it. `reread_to`: the brokers had another
-- past, and everything below is being read again.
create table progress (
    topic       text not null,
    partition   int not null,
    lease       int generated always as identity unique,
    term        int not null default 0,
    next_offset bigint,
    last_id     text,
    topic_id    bytea,
    reread_to   bigint,
    primary key (topic, partition)
) with (fillfactor = 50);

-- Records that a topic's retention took before they were read here: those from `first_offset` to before `next_offset`.
create table missed (
    topic        text not null,
    partition    int not null,
    first_offset bigint not null,
    next_offset  bigint not null,
    noticed_at   timestamptz not null default clock_timestamp(),
    primary key (topic, partition, first_offset)
);

-- Records that could not be handled, in order of arrival. `state`: parked (waits for an operator), retry (an operator
-- wants it handled again), discarded (kept as audit with reason, time and role). A record that comes again, at whatever
-- offset, has the same `digest` (of key, headers and value). `headers` is a list of pairs: a name may come twice.
-- `size` is that of the value in bytes; of one that is too large, `payload` has the beginning only, `value_digest` the
-- SHA-256 of all of it.
-- `blocks`: the queue of its key waits for it. A record that is no event of its key blocks nobody, nor does a discarded
-- one once the worker has gone on with the queue. `due`: it waited behind another, and its turn has come.
create table parked (
    id             bigint generated always as identity primary key,
    topic          text not null,
    partition      int not null,
    record_offset  bigint not null,
    key            text,
    type           text,
    sequence       bigint,
    headers        json not null,
    payload        bytea,
    size           bigint,
    value_digest   bytea,
    failure        text not null,
    detail         text not null,
    blocks         boolean not null default true,
    due            boolean not null default false,
    attempts       int not null default 1,
    state          text not null default 'parked' check (state in ('parked', 'retry', 'discarded')),
    parked_at      timestamptz not null default clock_timestamp(),
    decided_at     timestamptz,
    decided_by     text,
    reason         text,
    digest         bytea not null,
    updated_at     timestamptz not null default clock_timestamp(),
    unique (topic, digest),
    check (key is not null or not blocks)
);
create index parked_queue on parked (topic, key, id) where blocks and state <> 'discarded';
create index parked_open on parked (parked_at) where state <> 'discarded';
-- What the worker looks for every second, and nothing else.
create index parked_ready on parked (topic, key) where state = 'retry' or due or (state = 'discarded' and blocks);
-- Discarded records whose content is still there: it goes after a while.
create index parked_discarded on parked (decided_at) where state = 'discarded' and size is not null;

-- Deadlines. When `due_at` has passed, the handler of this name decides on the aggregate `owner`. One that was counted in
-- working days keeps whose days, from when and how many: it moves when they turn out to be others.
create table deadline (
    name    text not null,
    subject uuid not null,
    owner   uuid not null,
    due_at  timestamptz not null,
    level   int not null default 1,
    counted_at   text,
    counted_from timestamptz,
    counted_days int,
    primary key (subject, name),
    check (num_nulls(counted_at, counted_from, counted_days) in (0, 3))
);
create index deadline_due on deadline (due_at);

-- Answers to commands by Idempotency-Key, so that a repeated request gets the first one's answer. `key` is a hash of the
-- caller's key and its scope.
create table idempotency (
    key         bytea primary key,
    fingerprint bytea not null,
    answer      json not null,
    created_at  timestamptz not null default clock_timestamp()
);
-- Rows come in order of age, and only those of whole pages that are old are ever looked for.
create index idempotency_age on idempotency using brin (created_at);

-- Ends a statement that lost a race: another transaction has written first, so the decision behind it no longer holds.
create function lost_race() returns boolean language plpgsql volatile as $$
begin
    raise exception 'another transaction was first' using errcode = 'serialization_failure';
end $$;

-- The secret under which tags of what is shown (ETag) are made: theirs is the service's, not one process's, and without
-- it nobody can try values against a tag.
create table tag_key (
    key bytea not null check (octet_length(key) = 32)
);
insert into tag_key select sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8'));
