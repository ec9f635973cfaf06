-- A case is found by its reference and by every referral.
alter table journey add column links uuid[] not null default '{}';
create index journey_links on journey using gin (links);

-- One row per thing that a case waits for, for GET /stuck and GET /lost: what these lists are filtered and sorted by. It is
-- an index of the documents in `journey`: only the trigger below writes it, in the transaction that writes the document,
-- and nothing is decided on it.
create table journey_wait (
    id            uuid primary key,
    case_id       uuid not null references journey on delete cascade,
    case_ref      text,                      -- null: its owner has not told of the case yet
    stage         text not null,             -- journey.domain.journey.Stage
    what          text not null,             -- journey.domain.wait.Wanted
    role          text not null,
    org           text not null,
    since         timestamptz not null,
    late_at       timestamptz not null,
    lost_at       timestamptz,
    dated         boolean not null,
    subject       uuid not null,
    country       text not null,
    centre        text,
    deadline_type text,
    level         int not null,
    updated_at    timestamptz not null
);
create index journey_wait_case on journey_wait (case_id);
-- GET /stuck, in each of its orders
create index journey_wait_late on journey_wait (late_at, id);
create index journey_wait_since on journey_wait (since, id);
-- GET /lost
create index journey_wait_lost on journey_wait (lost_at, id) where lost_at is not null;

create function list_waits() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' and old.data -> 'waits' = new.data -> 'waits' and old.status = new.status
        and old.data #> '{desk,owner,opened}' is not distinct from new.data #> '{desk,owner,opened}'
        and old.data #> '{centres,owner,opened}' is not distinct from new.data #> '{centres,owner,opened}' then
        return null;
    end if;
    delete from journey_wait where case_id = new.id;
    insert into journey_wait
    select md5(concat_ws(' ', new.id, wait ->> 'what', wait ->> 'subject', wait ->> 'deadline'))::uuid, new.id,
           coalesce(new.data #>> '{desk,owner,opened,case_ref}', new.data #>> '{centres,owner,opened,case_ref}'),
           new.status, wait ->> 'what', wait ->> 'role', wait ->> 'org', (wait ->> 'since')::timestamptz,
           (wait ->> 'late_at')::timestamptz, (wait ->> 'lost_at')::timestamptz, (wait ->> 'dated')::boolean,
           (wait ->> 'subject')::uuid, wait ->> 'country', wait ->> 'centre', wait ->> 'deadline',
           (wait ->> 'level')::int, new.updated_at
    from jsonb_array_elements(new.data -> 'waits') as wait;
    return null;
end $$;
create trigger waits_listed after insert or update of data on journey for each row execute function list_waits();
