-- When each subject has ended, as its owner has told it, and what holds its records (chassis/pure/retention.py: Clock). Of
-- the owner itself this table is empty: it knows better. `status`: running, stopped, held.
create table retention (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    data       jsonb not null,
    updated_at timestamptz not null
);

-- Runs of what ends by its term (chassis/work/retention.py): who asked for it and why, or the worker by itself. `kind` and
-- `after` say how far an unfinished one has come; `report` counts per kind what has ended.
create table retention_run (
    id       bigint generated always as identity primary key,
    asked_at timestamptz not null,
    asked_by text not null,
    reason   text not null,
    kind     text,
    after    uuid,
    ended_at timestamptz,
    report   json not null default '{}'
);
create index retention_run_open on retention_run (id) where ended_at is null;
