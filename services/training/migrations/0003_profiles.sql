-- The profile of a person whom somebody may know, as Germany has told it: ciphertext of the parts that a provider may be
-- handed, which no key in this database opens. `status`: sealed.
create table profile (
    id         uuid primary key,            -- of the case
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- vocabulary.handed.SealedProfile
    updated_at timestamptz not null
);

-- The keys of its parts, each wrapped for one provider, whose private key lies in a file of the service. `status`: held, or
-- destroyed, when it was taken back.
create table profile_key (
    id         uuid primary key,            -- vocabulary.profiles.key_id_of
    version    int not null,
    status     text not null,
    links      uuid[] not null default '{}', -- the case
    data       jsonb not null,              -- vocabulary.handed.ProfileKey
    updated_at timestamptz not null
);
create index profile_key_links on profile_key using gin (links);
