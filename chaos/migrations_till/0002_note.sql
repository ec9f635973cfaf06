-- A row per record that was read, whatever became of it. `mark`: eight bytes of the record's digest, since another record may come to
-- stand at its place.
create table note (
    topic         text not null,
    partition     int not null,
    record_offset bigint not null,
    mark          bytea not null,
    key           text,
    sequence      bigint,
    event_id      uuid,
    verdict       text,
    fault         text,
    primary key (topic, partition, record_offset, mark)
);
