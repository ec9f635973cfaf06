-- Two statuses more of a person: who has left, because a centre has completed its support or nothing came of it, and who has died.
alter table candidate drop constraint candidate_status_check;
alter table candidate add constraint candidate_status_check check (
    status in ('unknown', 'pooled', 'active', 'placed', 'withdrawn', 'rejected', 'left', 'deceased'));

-- GET /offers: the same as before, of the living.
create or replace function known_to_desk(person uuid, countries text[], recipients text[], at timestamptz) returns boolean
language sql stable cost 1 as $$
    select exists (
        select from candidate
        where id = person and country = any(countries) and status <> 'deceased'
          and data -> 'profile' ->> 'age_band' <> 'under_18' and exists (
            select from jsonb_array_elements(data -> 'consents') as consent
            where consent ->> 'purpose' = 'matching' and not (consent ->> 'withdrawn')::boolean
              and (consent ->> 'ends_at')::timestamptz > at and consent -> 'recipients' ?| recipients))
$$;
