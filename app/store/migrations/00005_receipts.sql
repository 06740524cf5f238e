-- What was decided and done, for ever. A row holds the hash of the one before it, so that none can be changed or left out unseen; the database
-- refuses to try.
CREATE TABLE receipts (
    id   INTEGER PRIMARY KEY CHECK (id > 0),
    prev TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE CHECK (length(hash) = 64),
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE TRIGGER receipts_follow BEFORE INSERT ON receipts
    WHEN NEW.id <> (SELECT coalesce(max(id), 0) + 1 FROM receipts) OR NEW.prev <> coalesce((SELECT hash FROM receipts ORDER BY id DESC LIMIT 1), '')
    BEGIN SELECT RAISE(ABORT, 'a receipt follows the one before it'); END;
CREATE TRIGGER receipts_stay BEFORE UPDATE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are never changed'); END;
CREATE TRIGGER receipts_last BEFORE DELETE ON receipts BEGIN SELECT RAISE(ABORT, 'receipts are never deleted'); END;

-- The rows whose hash was signed.
CREATE TABLE heads_signed (
    id        INTEGER PRIMARY KEY REFERENCES receipts (id),
    at        INTEGER NOT NULL CHECK (at > 0),
    signature TEXT    NOT NULL CHECK (signature <> '')
) STRICT;
CREATE TRIGGER heads_stay BEFORE UPDATE ON heads_signed BEGIN SELECT RAISE(ABORT, 'signatures are never changed'); END;
CREATE TRIGGER heads_last BEFORE DELETE ON heads_signed BEGIN SELECT RAISE(ABORT, 'signatures are never deleted'); END;
