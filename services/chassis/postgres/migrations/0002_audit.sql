-- Who did or saw what, one row per request (chassis/audit/rows.py). `person` is a keyed hash of the token's subject, by the
-- key generation of that time; `subjects` has what was shown or changed. `outcome`: done, shown, or refused:<code>.
-- The sequence must hand out ids one by one (CACHE 1): the sealer's low-water mark relies on it.
create table audit (
    id       bigint generated always as identity (cache 1) primary key,
    at       timestamptz not null default clock_timestamp(),
    person   bytea not null check (octet_length(person) = 32),
    role     text not null,
    org      text not null,
    action   text not null,
    subjects uuid[] not null,
    outcome  text not null
);
create index audit_subjects on audit using gin (subjects);
create index audit_person on audit (person, id);

-- The chain over these rows, in order of id and without gap in `number` (chassis/audit/chain.py). Who changes, removes or
-- inserts a row of either table, breaks it.
create table audit_seal (
    number     bigint primary key,
    audit_id   bigint not null unique,
    digest     bytea not null check (octet_length(digest) = 32),
    mac        bytea not null check (octet_length(mac) = 32),
    generation text not null,
    sealed_at  timestamptz not null default clock_timestamp()
);

-- Whoever else than the owner has rights on new tables by default may insert and read here, and nothing more.
do $$
declare other record;
begin
    for other in select distinct table_name as its, grantee as name from information_schema.role_table_grants
        where table_schema = current_schema and table_name in ('audit', 'audit_seal') and grantee <> current_user
    loop
        execute format('revoke update, delete, truncate, references, trigger on %I from %s', other.its,
                       coalesce(nullif(quote_ident(other.name), '"PUBLIC"'), 'public'));
    end loop;
end $$;
