-- What the roles of SERVICE may do, beyond what owning the database gives to the migrator. The superuser runs it once in
-- the new database. Passwords are not set here: CloudNativePG's DatabaseRoles set them, elsewhere whoever makes the roles.
do $$
begin
    if to_regrole('SERVICE_app') is null then create role SERVICE_app login; end if;
    if to_regrole('SERVICE_operator') is null then create role SERVICE_operator login; end if;
end
$$;
