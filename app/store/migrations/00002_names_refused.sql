-- A name means the repository that had it first: this is asked for each event.
CREATE INDEX repositories_names ON repositories (first_name COLLATE NOCASE, id);

-- What GitHub refuses is tried again each night.
CREATE INDEX rows_refused ON rows (id) WHERE state = 'open' AND outcome >= 'refused: ' AND outcome < 'refused:!';
