-- An offer and a start of work say when they were told. Where a document does not know, it is taken to have been when that day began.
update vacancy set data = jsonb_set(data, '{candidacies}', (
    select jsonb_agg(
        candidacy
        || case when candidacy #>> '{offer,id}' is null then '{}' else jsonb_build_object('offer',
            jsonb_build_object('reported_at', (candidacy #>> '{offer,offered_on}') || 'T00:00:00Z') || (candidacy -> 'offer'))
           end
        || case when candidacy #>> '{employment,id}' is null then '{}' else jsonb_build_object('employment',
            jsonb_build_object('reported_at', (candidacy #>> '{employment,started_on}') || 'T00:00:00Z')
            || (candidacy -> 'employment'))
           end
        order by place)
    from jsonb_array_elements(data -> 'candidacies') with ordinality as each (candidacy, place)))
where jsonb_array_length(data -> 'candidacies') > 0;
