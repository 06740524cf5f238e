-- When a workflow was last dispatched for a row: GitHub may list it a little later.
ALTER TABLE rows ADD COLUMN sent INTEGER NOT NULL DEFAULT 0;
