-- A promotion may wait for GitHub's own review of its workflow. SQLite changes no CHECK of a table that is there, so the table is made anew.
CREATE TABLE promotions_new (
    lane     INTEGER NOT NULL REFERENCES lanes (id) ON DELETE CASCADE,
    attempt  INTEGER NOT NULL CHECK (attempt > 0),
    sha      TEXT    NOT NULL CHECK (sha <> ''),
    place    INTEGER NOT NULL CHECK (place >= 0),
    state    TEXT    NOT NULL CHECK (state IN ('gating', 'held', 'reviewing', 'deploying', 'verifying', 'rolling_back', 'attention', 'retrying',
                                               'live', 'rolled_back', 'failed', 'denied', 'canceled', 'superseded')),
    number   INTEGER NOT NULL CHECK (number >= attempt), -- of the question that it waits on, or of its end
    put      INTEGER NOT NULL, -- the number of its deployment
    undone   INTEGER NOT NULL, -- the number of its rollback, or of that of what was released over it
    arrived  INTEGER NOT NULL CHECK (arrived > 0),
    deployed INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    kept     INTEGER NOT NULL CHECK (kept IN (0, 1)),
    body     TEXT    NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (lane, attempt),
    CHECK ((state IN ('gating', 'held', 'reviewing', 'denied', 'canceled', 'superseded')) = (put = 0)),
    CHECK (put = 0 OR put > attempt),
    CHECK (state NOT IN ('verifying', 'live') OR deployed > 0),
    CHECK (state NOT IN ('rolling_back', 'rolled_back') OR undone > put),
    CHECK ((state IN ('live', 'rolled_back', 'failed', 'denied', 'canceled', 'superseded')) = (ended > 0)),
    CHECK (kept = 1 OR ended > 0)
) STRICT;
INSERT INTO promotions_new SELECT * FROM promotions;
DROP TABLE promotions;
ALTER TABLE promotions_new RENAME TO promotions;
-- Two programs never run at once, and nothing runs while GitHub may let another go.
CREATE UNIQUE INDEX promotions_busy ON promotions (lane)
    WHERE state IN ('reviewing', 'deploying', 'verifying', 'rolling_back', 'attention', 'retrying');
CREATE UNIQUE INDEX promotions_waiting ON promotions (lane, sha) WHERE state IN ('gating', 'held', 'reviewing');
CREATE INDEX promotions_kept ON promotions (lane) WHERE kept = 1;
