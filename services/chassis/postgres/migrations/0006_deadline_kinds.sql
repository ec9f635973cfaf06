-- Kinds of deadlines that have gone over what was stored before there was the kind (chassis/work/follower.py): how often all
-- of it, when last, and how far the next time.
create table deadline_kind (
    name      text primary key,
    looks     int not null default 0,
    looked_at timestamptz,
    upto      uuid not null default '00000000-0000-0000-0000-000000000000'
);
