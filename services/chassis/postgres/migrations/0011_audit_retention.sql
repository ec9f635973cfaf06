-- The audit ends by its term (chassis/audit/cut.py). Rows go from the beginning of the chain, up to a seal whose number
-- was told to the outside; that seal stays, and the chain goes on from it.

-- Each end of the chain that was told, by the number of its seal.
create table audit_told (
    number bigint primary key
);

-- Up to which seal the rows are gone, countersigned by the service: who removes rows has no such word for it.
create table audit_cut (
    number     bigint not null,
    mac        bytea not null check (octet_length(mac) = 32),
    generation text not null,
    cut_at     timestamptz not null default clock_timestamp()
);
create unique index audit_cut_one on audit_cut ((true));

-- ph retention plan: what is older than the term
create index audit_at on audit using brin (at) with (autosummarize = on);

-- The service's role may only insert into the audit and read it. This function removes for it, at a seal that was told, and
-- nothing of the last year, whatever the term says and whoever calls it. Returns how many rows are gone.
create function audit_cut_to(upto bigint, by_generation text, countersignature bytea) returns bigint
language plpgsql security definer set search_path from current as $$
declare
    last_id bigint := (select audit_id from audit_seal join audit_told using (number) where number = upto);
    removed bigint;
begin
    if last_id is null then
        raise check_violation using message = 'the audit is cut at an end of the chain that was told, and nowhere else';
    end if;
    if exists (select from audit where id <= last_id and at > clock_timestamp() - interval '1 year') then
        raise check_violation using message = 'the audit keeps each row for a year at least';
    end if;
    if exists (select from audit_cut where number > upto) then
        raise check_violation using message = 'the audit was cut further on already';
    end if;
    delete from audit where id <= last_id;
    get diagnostics removed = row_count;
    delete from audit_told where number < upto;
    delete from audit_seal where number < upto;
    delete from audit_cut;
    insert into audit_cut (number, generation, mac) values (upto, by_generation, countersignature);
    return removed;
end $$;

-- Whoever else than the owner may insert into the audit may note what was told, and call the function; nobody else may.
revoke execute on function audit_cut_to(bigint, text, bytea) from public;
do $$
declare other record;
begin
    for other in select distinct table_name as its, grantee as name from information_schema.role_table_grants
        where table_schema = current_schema and table_name in ('audit_told', 'audit_cut') and grantee <> current_user
    loop
        execute format('revoke update, delete, truncate, references, trigger on %I from %s', other.its,
                       coalesce(nullif(quote_ident(other.name), '"PUBLIC"'), 'public'));
        if other.its = 'audit_cut' then
            execute format('revoke insert on audit_cut from %s', coalesce(nullif(quote_ident(other.name), '"PUBLIC"'), 'public'));
        end if;
    end loop;
    for other in select grantee as name from information_schema.role_table_grants
        where table_schema = current_schema and table_name = 'audit' and privilege_type = 'INSERT'
          and grantee not in (current_user, 'PUBLIC')
    loop
        execute format('grant execute on function audit_cut_to(bigint, text, bytea) to %I', other.name);
    end loop;
end $$;
