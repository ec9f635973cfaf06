-- Documents change with nearly every event and are read seldom: packing them costs as much as all else that writes one.
-- What stands beside them in a row is not packed either then, and is counted as it is.
alter table outcome alter column data set storage external;

-- What was owed of a case, without the hours that it was late: many cases are alike in it, and count as one with a weight.
-- A text, which is compared at once. Beside it what was late, with its hours. This rewrites `outcome`: it is closed
-- meanwhile, to whoever reads figures and to what is heard, for as long as it takes to write the table once.
alter table outcome
    add column owed    text  storage external generated always as (regexp_replace(data #>> '{part,duties}', ', \d+\]', ']', 'g')) stored,
    add column overdue jsonb storage external generated always as (
        jsonb_path_query_array(data, 'strict $.part.duties[*] ? (@[4] > 0)', '{}', true)) stored;

-- How long a case in each stage has waited at most (journey.views.waits.LONGEST)
create index journey_wait_stage on journey_wait (stage, since);

-- Last, since it closes `journey` until all of this is committed.
alter table journey alter column data set storage external;
