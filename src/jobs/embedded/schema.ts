/**
 * The embedded queue's tables. `rank` is the negative of the priority, so that what comes first is less
 * in all indexes. `turn` is the order among equals: a job that is to run again goes behind
 * all others. A running job's `due_ms` is the moment of the run that was asked for meanwhile.
 * `failed_ms` tells when the pause of a delayed job began, if it is a pause: a clock that went back
 * behind it has made the moment at which the pause ends meaningless.
 */
const FIRST = `
  CREATE TABLE jobs (
    turn INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'delayed', 'running', 'failed', 'done')),
    rank INTEGER NOT NULL,
    payload TEXT NOT NULL,
    due_ms INTEGER NOT NULL,
    failed_ms INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0,
    is_again INTEGER NOT NULL DEFAULT 0,
    token TEXT,
    beat INTEGER NOT NULL DEFAULT 0,
    progress TEXT,
    error TEXT,
    added_ms INTEGER NOT NULL,
    changed_ms INTEGER NOT NULL,
    UNIQUE (queue, key)
  ) STRICT;
  CREATE INDEX jobs_in_order ON jobs (queue, state, rank, turn);
  CREATE INDEX jobs_by_due ON jobs (queue, due_ms) WHERE state = 'delayed';
  CREATE INDEX jobs_by_failure ON jobs (queue, failed_ms) WHERE state = 'delayed' AND failed_ms IS NOT NULL;
  CREATE INDEX jobs_of_history ON jobs (queue, turn) WHERE state = 'done';

  CREATE TABLE pauses (queue TEXT PRIMARY KEY, is_paused INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  CREATE TABLE counts (
    queue TEXT NOT NULL,
    state TEXT NOT NULL,
    jobs INTEGER NOT NULL,
    PRIMARY KEY (queue, state)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER count_added AFTER INSERT ON jobs BEGIN
    INSERT INTO counts VALUES (NEW.queue, NEW.state, 1)
      ON CONFLICT (queue, state) DO UPDATE SET jobs = jobs + 1;
  END;
  CREATE TRIGGER count_removed AFTER DELETE ON jobs BEGIN
    UPDATE counts SET jobs = jobs - 1 WHERE queue = OLD.queue AND state = OLD.state;
  END;
  CREATE TRIGGER count_moved AFTER UPDATE OF state ON jobs WHEN OLD.state <> NEW.state BEGIN
    UPDATE counts SET jobs = jobs - 1 WHERE queue = OLD.queue AND state = OLD.state;
    INSERT INTO counts VALUES (NEW.queue, NEW.state, 1)
      ON CONFLICT (queue, state) DO UPDATE SET jobs = jobs + 1;
  END;
`;

/** What makes each version from the one before; never changed, only added to. */
export const MIGRATIONS: readonly string[] = [FIRST];

/** In the file's header, so that no other program's database is taken for a queue. */
export const APPLICATION_ID = 0x42_6a_6f_62;
