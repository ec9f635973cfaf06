-- An interview has an id: each that is stored is the last one of its candidacy and takes its id, also in what was corrected of it. What
-- became of it says when that was told: where a document does not know, from when the employer owed an answer, or when that day began.
update vacancy set data = jsonb_set(data, '{candidacies}', (
    select jsonb_agg(
        candidacy
        || case when candidacy #>> '{interview,at}' is null then '{}' else jsonb_build_object('interview',
            named || (candidacy -> 'interview')
            || case when candidacy #>> '{interview,outcome}' is null or candidacy #>> '{interview,reported_at}' is not null then '{}'
                    else jsonb_build_object('reported_at', coalesce(candidacy ->> 'answer_owed_from',
                        (candidacy #>> '{interview,held_on}') || 'T00:00:00Z')) end) end
        || jsonb_build_object('interviews_corrected', coalesce((
            select jsonb_agg(
                kept || jsonb_build_object('was', named || (kept -> 'was'))
                || case when kept ->> 'now' is null then '{}' else jsonb_build_object('now', named || (kept -> 'now')) end
                order by number)
            from jsonb_array_elements(candidacy -> 'interviews_corrected') with ordinality as one (kept, number)), '[]'))
        order by place)
    from jsonb_array_elements(data -> 'candidacies') with ordinality as each (candidacy, place),
         lateral (select jsonb_build_object('id', candidacy -> 'id') as named) as its))
where jsonb_path_exists(data, '$.candidacies[*].interview.at');
