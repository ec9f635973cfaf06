-- Every consent that a candidacy may rest on has a deadline for its end. Those that were granted before there was one get
-- theirs here; whatever has ended meanwhile is due at once, and closes what still rests on it.
insert into deadline (name, subject, owner, due_at)
select 'consent_end', (consent ->> 'id')::uuid, candidate.id, (consent ->> 'ends_at')::timestamptz
from candidate, jsonb_array_elements(candidate.data -> 'consents') as consent
where not (consent ->> 'withdrawn')::boolean
on conflict (subject, name) do nothing;
