-- Assessments whose levels lie in clear, from before they were sealed: the worker's sealer finds their cases here, and none
-- is left once it has passed. `app.py` asks with the same condition.
create index assessment_unsealed on assessment ((data ->> 'case_id')) where jsonb_typeof(data -> 'levels') = 'array';
