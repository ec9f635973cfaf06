-- An opening is reserved when an offer is made, not when a person is picked: what was reserved by people without an offer is
-- open again. A process of the version before writes its own word for as long as it runs; the next change mends it.
update vacancy set status = 'open', updated_at = greatest(updated_at, now())
where status = 'reserved' and (data ->> 'openings')::int > (
    select count(*) from jsonb_array_elements(data -> 'candidacies') as candidacy
    where candidacy ->> 'status' in ('offered', 'accepted', 'started'));
