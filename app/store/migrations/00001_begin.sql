-- Times are nanoseconds since 1970 in UTC; 0 is no time. Machines are values in JSON; beside each stand the columns that are searched by and
-- that the database holds to the rules of the machine, so that a mistake in the code can't be stored.

-- The name of this kind of file, "slip": another program's database is never taken for ours.
PRAGMA application_id = 1936484720;

CREATE TABLE events (
    id       INTEGER PRIMARY KEY,
    delivery TEXT    NOT NULL UNIQUE CHECK (delivery <> ''),
    name     TEXT    NOT NULL,
    received INTEGER NOT NULL CHECK (received > 0),
    state    TEXT    NOT NULL CHECK (state IN ('queued', 'done', 'ignored', 'failed')),
    reason   TEXT    NOT NULL DEFAULT '',
    due      INTEGER NOT NULL DEFAULT 0,
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    CHECK (state = 'queued' OR due = 0)
) STRICT;
CREATE INDEX events_queued ON events (id, due) WHERE state = 'queued';
CREATE INDEX events_due ON events (due) WHERE state = 'queued' AND due > 0;

-- Bodies are apart from their events, so that settling an event does not write its body again.
CREATE TABLE bodies (
    event INTEGER PRIMARY KEY REFERENCES events (id) ON DELETE CASCADE,
    body  BLOB NOT NULL
) STRICT;

CREATE TABLE letters (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    machine  TEXT    NOT NULL CHECK (machine <> ''),
    name     TEXT    NOT NULL CHECK (name <> ''),
    body     TEXT    NOT NULL,
    at       INTEGER NOT NULL CHECK (at > 0),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    reason   TEXT    NOT NULL DEFAULT '',
    due      INTEGER NOT NULL DEFAULT 0,
    CHECK ((attempts > 0) = (due > 0))
) STRICT;
CREATE INDEX letters_delayed ON letters (machine, id, due) WHERE due > 0;
CREATE INDEX letters_due ON letters (due) WHERE due > 0;

-- What was set aside has left the line for good, so that the line stays short.
CREATE TABLE aside (
    number   INTEGER PRIMARY KEY AUTOINCREMENT,
    id       INTEGER NOT NULL UNIQUE,
    machine  TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    at       INTEGER NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts > 0),
    reason   TEXT    NOT NULL
) STRICT;

CREATE TABLE runs (
    id      INTEGER PRIMARY KEY,
    repo    INTEGER NOT NULL CHECK (repo > 0),
    sha     TEXT    NOT NULL CHECK (sha <> ''),
    version INTEGER NOT NULL CHECK (version > 0),
    state   TEXT    NOT NULL CHECK (state IN ('', 'open', 'green', 'red', 'canceled', 'passed_over')),
    opened  INTEGER NOT NULL,
    ended   INTEGER NOT NULL,
    body    TEXT    NOT NULL CHECK (json_valid(body)),
    UNIQUE (repo, sha),
    CHECK ((state = '') = (opened = 0)),
    CHECK (state NOT IN ('green', 'red', 'passed_over') OR ended > 0)
) STRICT;
CREATE INDEX runs_newest ON runs (repo, opened, id);
CREATE INDEX runs_open ON runs (repo, id) WHERE state = 'open';

-- The services for which a run is green.
CREATE TABLE run_services (
    run     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    service TEXT    NOT NULL,
    repo    INTEGER NOT NULL,
    place   INTEGER NOT NULL CHECK (place > 0),
    PRIMARY KEY (run, service)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_services_newest ON run_services (repo, service, place);

CREATE TABLE lanes (
    id          INTEGER PRIMARY KEY,
    repo        INTEGER NOT NULL CHECK (repo > 0),
    service     TEXT    NOT NULL,
    environment TEXT    NOT NULL CHECK (environment <> ''),
    version     INTEGER NOT NULL CHECK (version > 0),
    body        TEXT    NOT NULL CHECK (json_valid(body)),
    UNIQUE (repo, service, environment)
) STRICT;

-- One attempt of one commit in one lane. Those that the lane holds in memory are kept; the others are history.
CREATE TABLE promotions (
    lane     INTEGER NOT NULL REFERENCES lanes (id) ON DELETE CASCADE,
    attempt  INTEGER NOT NULL CHECK (attempt > 0),
    sha      TEXT    NOT NULL CHECK (sha <> ''),
    place    INTEGER NOT NULL CHECK (place >= 0),
    state    TEXT    NOT NULL CHECK (state IN ('gating', 'held', 'deploying', 'verifying', 'rolling_back', 'attention', 'retrying',
                                               'live', 'rolled_back', 'failed', 'denied', 'canceled', 'superseded')),
    number   INTEGER NOT NULL CHECK (number >= attempt), -- of the question that it waits on, or of its end
    put      INTEGER NOT NULL, -- the number of its deployment
    undone   INTEGER NOT NULL, -- the number of its rollback
    arrived  INTEGER NOT NULL CHECK (arrived > 0),
    deployed INTEGER NOT NULL,
    ended    INTEGER NOT NULL,
    kept     INTEGER NOT NULL CHECK (kept IN (0, 1)),
    body     TEXT    NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (lane, attempt),
    CHECK ((state IN ('gating', 'held', 'denied', 'canceled', 'superseded')) = (put = 0)),
    CHECK (put = 0 OR put > attempt),
    CHECK (state NOT IN ('verifying', 'live') OR deployed > 0),
    CHECK (state NOT IN ('rolling_back', 'rolled_back') OR undone > put),
    CHECK ((state IN ('live', 'rolled_back', 'failed', 'denied', 'canceled', 'superseded')) = (ended > 0)),
    CHECK (kept = 1 OR ended > 0)
) STRICT;
CREATE UNIQUE INDEX promotions_busy ON promotions (lane)
    WHERE state IN ('deploying', 'verifying', 'rolling_back', 'attention', 'retrying');
CREATE UNIQUE INDEX promotions_waiting ON promotions (lane, sha) WHERE state IN ('gating', 'held');
CREATE INDEX promotions_kept ON promotions (lane) WHERE kept = 1;

CREATE TABLE rows (
    id       INTEGER PRIMARY KEY,
    key      TEXT    NOT NULL UNIQUE CHECK (key <> ''),
    machine  TEXT    NOT NULL,
    task     TEXT    NOT NULL CHECK (task <> ''),
    due      INTEGER NOT NULL CHECK (due >= 0),
    state    TEXT    NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done', 'canceled')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    nudges   INTEGER NOT NULL DEFAULT 0,
    nudged   INTEGER NOT NULL DEFAULT 0, -- while it is held: the earliest time for which it was nudged meanwhile
    holder   TEXT    NOT NULL DEFAULT '',
    lease    INTEGER NOT NULL DEFAULT 0,
    fence    INTEGER NOT NULL DEFAULT 0,
    outcome  TEXT    NOT NULL DEFAULT '',
    reason   TEXT    NOT NULL DEFAULT '',
    github   INTEGER NOT NULL DEFAULT 0,
    external TEXT    NOT NULL DEFAULT '',
    shown    TEXT    NOT NULL DEFAULT '',
    shown_at INTEGER NOT NULL DEFAULT 0,
    progress BLOB,
    running  INTEGER NOT NULL DEFAULT 0 CHECK (running IN (0, 1)),
    tried    INTEGER NOT NULL DEFAULT 0 CHECK (tried IN (0, 1)),
    -- Where it waits: what runs already needs no slot, so it waits for none.
    line     TEXT    NOT NULL GENERATED ALWAYS AS (CASE running WHEN 1 THEN '' ELSE task END) VIRTUAL,
    is_view  INTEGER NOT NULL GENERATED ALWAYS AS (substr(key, 1, 5) = 'view/') VIRTUAL,
    CHECK (state = 'open' OR due = 0),
    CHECK (holder = '' OR (lease > 0 AND fence > 0)),
    CHECK (holder <> '' OR (lease = 0 AND nudged = 0))
) STRICT;
CREATE INDEX rows_due ON rows (line, due, id) WHERE state = 'open' AND due > 0;
CREATE INDEX rows_running ON rows (id) WHERE state = 'open' AND running = 1;
CREATE INDEX rows_open ON rows (machine, id) WHERE state = 'open' AND is_view = 0;

CREATE TABLE repositories (
    id           INTEGER PRIMARY KEY CHECK (id > 0),
    first_name   TEXT    NOT NULL, -- set once: who takes an old name inherits nothing
    installation INTEGER NOT NULL,
    served       INTEGER NOT NULL CHECK (served IN (0, 1)),
    body         TEXT    NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX repositories_served ON repositories (installation, id) WHERE served = 1;

CREATE TABLE pulls (
    repo         INTEGER NOT NULL CHECK (repo > 0),
    number       INTEGER NOT NULL CHECK (number > 0),
    updated      INTEGER NOT NULL,
    open         INTEGER NOT NULL CHECK (open IN (0, 1)),
    merge_commit TEXT    NOT NULL, -- of what is merged
    body         TEXT    NOT NULL CHECK (json_valid(body)),
    PRIMARY KEY (repo, number)
) STRICT;
CREATE INDEX pulls_open ON pulls (repo, number) WHERE open = 1;
CREATE INDEX pulls_merged ON pulls (repo, merge_commit, number) WHERE merge_commit <> '';

CREATE TABLE heads (
    repo   INTEGER NOT NULL,
    number INTEGER NOT NULL,
    nth    INTEGER NOT NULL CHECK (nth > 0),
    sha    TEXT    NOT NULL CHECK (sha <> ''),
    since  INTEGER NOT NULL CHECK (since > 0),
    PRIMARY KEY (repo, number, nth),
    FOREIGN KEY (repo, number) REFERENCES pulls (repo, number) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;

CREATE TABLE places (
    repo  INTEGER NOT NULL CHECK (repo > 0),
    place INTEGER NOT NULL CHECK (place > 0),
    sha   TEXT    NOT NULL CHECK (sha <> ''),
    PRIMARY KEY (repo, place),
    UNIQUE (repo, sha)
) STRICT, WITHOUT ROWID;

CREATE TABLE tips (
    repo INTEGER PRIMARY KEY CHECK (repo > 0),
    sha  TEXT NOT NULL CHECK (sha <> '')
) STRICT;

CREATE TABLE notes (
    key   TEXT NOT NULL PRIMARY KEY CHECK (key <> ''),
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
