-- An enrolment of a person whose term is over is somebody's: the list follows its document in that, too.
create or replace function list_enrolments() returns trigger language plpgsql as $$
begin
    insert into enrolment as listed (id, session_id, case_id, requested_by, status, provider)
    select (entry->>'id')::uuid, new.id, (entry->>'case_id')::uuid, entry->>'requested_by', entry->>'status',
           new.provider
    from jsonb_array_elements(new.data->'enrolments') as entry
    on conflict (id) do update set status = excluded.status, case_id = excluded.case_id
        where listed.status <> excluded.status or listed.case_id <> excluded.case_id;
    return null;
end $$;
