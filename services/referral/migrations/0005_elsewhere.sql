-- Cases that a centre has opened; id is the case_id. Nothing is kept of them but that they are no desk's. `status`: opened; or
-- unknown, while placement has told of a case of which no centre has told yet.
create table case_elsewhere (
    id         uuid primary key,
    version    int not null,
    status     text not null,
    data       jsonb not null,
    updated_at timestamptz not null
);
