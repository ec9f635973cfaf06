-- Events of this service that a restored database had forgotten, and whose effect it must have again before anybody is
-- answered (chassis/operators/repeats.py): while there is a row, the service stands still. The worker decides on them in
-- order of id and deletes them. `asked_by`: who has let the service go on.
create table repeat (
    id          bigint generated always as identity primary key,
    type        text not null,
    occurred_at timestamptz not null,
    body        text not null,
    asked_by    text not null
);
