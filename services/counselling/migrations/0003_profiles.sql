-- The profile of a person whom a centre has taken on, as Germany has told it: ciphertext by part, which no key in this
-- database opens. `status`: sealed.
create table profile (
    id         uuid primary key,            -- of the case
    version    int not null,
    status     text not null,
    data       jsonb not null,              -- counselling.domain.profile.SealedProfile
    updated_at timestamptz not null
);

-- The keys of its parts, each wrapped for one centre, whose private key lies in a file of the service. `status`: held, or
-- destroyed, when it was taken back.
create table profile_key (
    id         uuid primary key,            -- vocabulary.profiles.key_id_of
    version    int not null,
    status     text not null,
    links      uuid[] not null default '{}', -- the case
    data       jsonb not null,              -- counselling.domain.profile.ProfileKey
    updated_at timestamptz not null
);
create index profile_key_links on profile_key using gin (links);
