-- Who is signed in to the pages. `id_hash`: SHA-256 of the random id in the browser's cookie. `person`: the keyed hash by
-- which the audit knows them. Rows that are over are swept by their rule (`retention.py`); by
-- `expires_at` alone, since an index on `idle_at` would be written for every page.
create table sign_in (
    id_hash bytea primary key,
    person bytea not null,
    roles text[] not null,
    org text not null,
    country text not null,
    signed_in_at timestamptz not null default now(),
    expires_at timestamptz not null,
    idle_at timestamptz not null
);
create index on sign_in (expires_at);
