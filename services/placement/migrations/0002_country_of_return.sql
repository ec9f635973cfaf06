-- A candidate's country is the country of return, as the latest referral says it, and no longer that of the centre which
-- has the person: some countries have no centre. Until now the referral's country was kept with the centre.
update candidate set data = jsonb_set(data, '{profile,country}', data -> 'place' -> 'country')
where jsonb_typeof(data -> 'profile') = 'object' and data -> 'place' ? 'country';
update candidate set data = data #- '{place,country}'
where data -> 'place' ? 'country';

-- takes the two indexes with it
alter table candidate drop column country;
-- every list of a desk is bound to its countries
alter table candidate add column country text generated always as (data -> 'profile' ->> 'country') stored;
-- GET /candidates: the pool of a country by status, paged by id
create index candidate_pool on candidate (country, status, id);
-- GET /summary: those who have arrived, by country and month
create index candidate_arrived on candidate (country, arrived_on) where arrived_on is not null;
