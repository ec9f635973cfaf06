-- Files that somebody of a centre has opened without a consent: the list of what a data protection officer reviews.
create index centre_file_glasses on centre_file (id) where data -> 'glasses' <> '[]';
