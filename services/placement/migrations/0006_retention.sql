-- An offer to a person whose term is over was made to somebody, in a month: the list follows its document in that, too.
create or replace function list_offers() returns trigger language plpgsql as $$
begin
    if tg_op = 'UPDATE' then
        delete from offer where id in (
            select (candidacy #>> '{offer,id}')::uuid from jsonb_array_elements(old.data -> 'candidacies') as candidacy
            where candidacy #>> '{offer,id}' is not null
            except
            select (candidacy #>> '{offer,id}')::uuid from jsonb_array_elements(new.data -> 'candidacies') as candidacy
            where candidacy #>> '{offer,id}' is not null);
    end if;
    insert into offer as listed (id, vacancy_id, case_id, country, status, starts_on, expires_at)
    select (made ->> 'id')::uuid, new.id, (candidacy ->> 'case_id')::uuid, new.country, made ->> 'status',
           (made ->> 'starts_on')::date, (made ->> 'expires_at')::timestamptz
    from jsonb_array_elements(new.data -> 'candidacies') as candidacy, lateral (select candidacy -> 'offer' as made) as its
    where made ->> 'id' is not null
    on conflict (id) do update set status = excluded.status, case_id = excluded.case_id, starts_on = excluded.starts_on,
        expires_at = excluded.expires_at
        where listed.status <> excluded.status or listed.case_id <> excluded.case_id;
    return null;
end $$;
