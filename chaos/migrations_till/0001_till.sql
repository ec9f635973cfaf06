-- One document per till; a status longer than 50 characters is refused: what happens then is part of the chaos.
create table till (
    id         uuid primary key,
    version    int not null,
    status     text not null check (length(status) <= 50),
    data       jsonb not null,
    updated_at timestamptz not null
);
