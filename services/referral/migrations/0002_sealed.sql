-- Cases whose needs or assistance lie in clear, from before both were sealed: the worker's sealer finds them here, and
-- none is left once it has passed. `app.py` asks with the same condition.
create index case_file_unsealed on case_file (id) where data @? '$.referrals[*].needs ? (@.type() == "array")'
    or data #>> '{journey,departed_on}' is not null and jsonb_typeof(data #> '{journey,assistance_codes}') = 'array';
