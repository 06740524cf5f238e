-- The decisions of a repository, newest first: a file that changes is judged against them.
CREATE INDEX receipts_decided ON receipts ((body ->> 'Repo'), id) WHERE body ->> 'Kind' = 'decided';
