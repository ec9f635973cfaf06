-- What happens to parked records, one row per change, until the worker has told it (chassis/work/reporter.py) and deletes the
-- row. Written by the trigger below in the transaction of the change, whoever makes it: a batch, a retry, the API, an
-- operator's own role. So none of them knows the outbox, and a batch that parks nothing does nothing more. Changes of one
-- record are in order of id: each holds the lock of the record's row. The envelope only, and of it only what is valid.
create table parked_change (
    id            bigint generated always as identity primary key,
    at            timestamptz not null,
    change        text not null check (change in ('parked', 'retried', 'failed', 'handled', 'discarded')),
    topic         text not null,
    partition     int not null,
    record_offset bigint not null,
    key           uuid,
    type          text,
    event_id      uuid,
    failure       text not null,
    attempt       int not null,
    blocks        boolean not null
);

-- The last report of how far the service has come, one row: when, and what it said. `restored`: how far a database that was put
-- back had read, until that is told.
create table report (
    single   boolean primary key default true check (single),
    at       timestamptz not null,
    places   jsonb not null,
    restored jsonb
);

-- Headers are searched as text: they may hold what is no JSON text in PostgreSQL, and nothing may fail here. Of a header that comes
-- twice the last one counts, as wherever records are read.
create function note_parked(p parked, change text, at timestamptz) returns void language sql as $$
    insert into parked_change (at, change, topic, partition, record_offset, key, type, event_id, failure, attempt, blocks)
    select at, change, p.topic, p.partition, p.record_offset,
           case when p.key ~ '^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$' then p.key::uuid end,
           case when p.type ~ '^ph\.[a-z]{1,30}\.[A-Z][A-Za-z0-9]{1,60}\.v[1-9][0-9]{0,2}$' then p.type end,
           substring(substring(p.headers::text from '.*\["ce_id", (.*)')
                     from '^"([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})"\]')::uuid,
           p.failure, p.attempts, p.blocks
$$;

-- With the rights of its owner: an operator's role decides on records and may write no other table.
create function parked_changed() returns trigger language plpgsql security definer as $$
begin
    if tg_op = 'INSERT' then
        perform note_parked(new, 'parked', clock_timestamp());
    elsif tg_op = 'DELETE' then
        if old.state <> 'discarded' then
            perform note_parked(old, 'handled', clock_timestamp());
        end if;
    elsif new.state <> old.state and new.state in ('retry', 'discarded') then
        perform note_parked(new, case when new.state = 'retry' then 'retried' else 'discarded' end, clock_timestamp());
    elsif new.attempts > old.attempts then
        perform note_parked(new, 'failed', clock_timestamp());
    end if;
    return null;
end $$;
create trigger parked_changes after insert or delete or update of state, attempts on parked
    for each row execute function parked_changed();
do $$ begin
    execute format('alter function parked_changed() set search_path = %I, pg_temp', current_schema());
end $$;
revoke execute on function parked_changed() from public;

-- All that is parked, once more: whoever listens has not heard of it, or what it has heard no longer holds. Nobody changes a parked
-- record meanwhile: what is told of it would be deleted here, or wait for a row that waits for this one.
create function tell_parked() returns void language sql as $$
    lock table parked in share row exclusive mode;
    delete from parked_change;
    select note_parked(p, 'parked', p.parked_at) from parked p where p.state <> 'discarded' order by p.id;
    select note_parked(p, 'retried', coalesce(p.decided_at, p.updated_at)) from parked p where p.state = 'retry' order by p.id;
$$;
select tell_parked();
