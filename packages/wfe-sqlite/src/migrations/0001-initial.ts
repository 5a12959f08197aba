import type { Migration } from "../migrate.ts";

/**
 * Instants are whole epoch milliseconds. Payloads are TEXT that is never looked into. No table is STRICT: text that UTF-8 cannot carry is kept
 * as a BLOB in its place. Tables refer to an instance by its row number, which keeps their keys and indexes short.
 */
export const INITIAL: Migration = {
  version: 1,
  name: "initial",
  oldest: 1,
  sql: `
    -- Instances and the hosts' questions name a definition by one number.
    CREATE TABLE wfe_definitions (
      row INTEGER PRIMARY KEY,
      id TEXT NOT NULL,
      version INTEGER NOT NULL,
      fingerprint TEXT NOT NULL,
      UNIQUE (id, version, fingerprint)
    );

    CREATE TABLE wfe_workflows (
      row INTEGER PRIMARY KEY,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL UNIQUE,
      definition INTEGER NOT NULL REFERENCES wfe_definitions (row),
      status TEXT NOT NULL,
      revision INTEGER NOT NULL,
      control_seq INTEGER NOT NULL,
      inbox_seq INTEGER NOT NULL,
      sequence INTEGER NOT NULL,
      due_at INTEGER,
      created_at INTEGER NOT NULL,
      completed_at INTEGER,
      -- Highest arrival number of an event when the instance was created: later ones were stored after it.
      created_arrival INTEGER NOT NULL,
      commit_id TEXT,
      input_digest TEXT NOT NULL,
      reference TEXT,
      description TEXT,
      parent_id TEXT,
      parent_pointer_id TEXT,
      parent_depth INTEGER,
      root_id TEXT,
      -- JSON, not of the codec's.
      trace_context TEXT,
      error TEXT,
      data TEXT NOT NULL
    );
    -- The sweep: what is due of one definition, the earliest first.
    CREATE INDEX wfe_workflows_due ON wfe_workflows (definition, due_at) WHERE status = 'runnable' AND due_at IS NOT NULL;
    -- Listings, the newest first.
    CREATE INDEX wfe_workflows_created ON wfe_workflows (created_at);
    -- Those of a definition and a status; of several, each is looked at. The end stands in it to pass others over without a look at their rows.
    CREATE INDEX wfe_workflows_listed ON wfe_workflows (definition, status, created_at, completed_at);
    CREATE INDEX wfe_workflows_failed ON wfe_workflows (definition, status, created_at) WHERE error IS NOT NULL;
    CREATE INDEX wfe_workflows_reference ON wfe_workflows (reference, created_at) WHERE reference IS NOT NULL;
    -- Purges: what has ended, the earliest first.
    CREATE INDEX wfe_workflows_ended ON wfe_workflows (status, completed_at) WHERE completed_at IS NOT NULL;
    -- The children of an instance that is ended.
    CREATE INDEX wfe_workflows_parent ON wfe_workflows (parent_id) WHERE parent_id IS NOT NULL;

    CREATE TABLE wfe_pointers (
      workflow INTEGER NOT NULL REFERENCES wfe_workflows (row) ON DELETE CASCADE,
      -- 0 while it is open, by its status. In the key, so that what a pass loads lies together: an index of the open ones, which is written when a
      -- pointer opens and when it closes, was 15 % of a commit.
      closed INTEGER NOT NULL,
      id TEXT NOT NULL,
      seq INTEGER NOT NULL,
      step_id INTEGER NOT NULL,
      step_name TEXT,
      status TEXT NOT NULL,
      scope TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      retry_count INTEGER NOT NULL,
      crash_count INTEGER NOT NULL,
      result_count INTEGER NOT NULL,
      predecessor_id TEXT,
      due_at INTEGER,
      started_at INTEGER,
      ended_at INTEGER,
      end_seq INTEGER,
      item TEXT,
      item_index INTEGER,
      persistence_data TEXT,
      outcome TEXT,
      event_name TEXT,
      event_key TEXT,
      event_data TEXT,
      compensates TEXT,
      error TEXT,
      PRIMARY KEY (workflow, closed, id)
    ) WITHOUT ROWID;
    -- What compensation may have to undo, the last result first; the step stands in it to pass others over without a look at their rows. Not of
    -- those alone that may be undone: to evaluate that condition with every write of a pointer made it 20 % of a commit instead of 5 %.
    CREATE INDEX wfe_pointers_ended ON wfe_pointers (workflow, end_seq, step_id) WHERE end_seq IS NOT NULL;

    CREATE TABLE wfe_events (
      -- AUTOINCREMENT: a number must not come again after a purge, instances compare with it.
      arrival INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      name TEXT NOT NULL,
      key TEXT NOT NULL,
      data TEXT,
      time INTEGER NOT NULL,
      eligible_at INTEGER,
      stored_at INTEGER NOT NULL,
      delivered INTEGER NOT NULL DEFAULT 0,
      -- When the sweep sees it: eligible_at, later the end of a claim.
      visible_at INTEGER NOT NULL
    );
    CREATE INDEX wfe_events_topic ON wfe_events (name, key, time, arrival);
    -- What arrived since an instance was created; the row number, which is the arrival, stands in every index.
    CREATE INDEX wfe_events_topic_arrival ON wfe_events (name, key);
    CREATE INDEX wfe_events_undelivered ON wfe_events (visible_at) WHERE delivered = 0;
    CREATE INDEX wfe_events_undelivered_topic ON wfe_events (name, key) WHERE delivered = 0;
    CREATE INDEX wfe_events_delivered ON wfe_events (stored_at) WHERE delivered = 1;

    CREATE TABLE wfe_subscriptions (
      -- AUTOINCREMENT: a delivery goes through them in several batches, by this number; one that came again would be passed over.
      row INTEGER PRIMARY KEY AUTOINCREMENT,
      id TEXT NOT NULL UNIQUE,
      workflow INTEGER NOT NULL REFERENCES wfe_workflows (row) ON DELETE CASCADE,
      pointer_id TEXT NOT NULL,
      name TEXT NOT NULL,
      key TEXT NOT NULL,
      -- NULL: events stored after the instance was created.
      effective_date INTEGER,
      activity TEXT,
      input TEXT,
      -- The event assigned to it, NULL while it is open, and the instance's inbox_seq of that delivery.
      event INTEGER,
      delivered_seq INTEGER,
      token TEXT,
      worker_id TEXT,
      token_expires_at INTEGER
    );
    CREATE INDEX wfe_subscriptions_open ON wfe_subscriptions (name, key) WHERE event IS NULL;
    -- What is offered to outside workers: what nobody has claimed, in order of creation, and what somebody has, until when.
    CREATE INDEX wfe_subscriptions_offered ON wfe_subscriptions (activity) WHERE activity IS NOT NULL AND event IS NULL AND token IS NULL;
    CREATE INDEX wfe_subscriptions_claimed ON wfe_subscriptions (activity, token_expires_at)
      WHERE activity IS NOT NULL AND event IS NULL AND token IS NOT NULL;
    CREATE INDEX wfe_subscriptions_workflow ON wfe_subscriptions (workflow, pointer_id);
    -- Those of an instance that were given an event, which every commit asks for; the open ones may be many.
    CREATE INDEX wfe_subscriptions_given ON wfe_subscriptions (workflow, delivered_seq) WHERE event IS NOT NULL;
    CREATE INDEX wfe_subscriptions_event ON wfe_subscriptions (event) WHERE event IS NOT NULL;

    CREATE TABLE wfe_consumed_events (
      workflow INTEGER NOT NULL REFERENCES wfe_workflows (row) ON DELETE CASCADE,
      event INTEGER NOT NULL REFERENCES wfe_events (arrival) ON DELETE CASCADE,
      PRIMARY KEY (workflow, event)
    ) WITHOUT ROWID;
    -- Those of an event that is removed.
    CREATE INDEX wfe_consumed_events_event ON wfe_consumed_events (event);

    -- Where an instance that was given many events looks for the next one of a topic: of those before, by time and arrival, it has used all that
    -- were delivered.
    CREATE TABLE wfe_watermarks (
      workflow INTEGER NOT NULL REFERENCES wfe_workflows (row) ON DELETE CASCADE,
      name TEXT NOT NULL,
      key TEXT NOT NULL,
      time INTEGER NOT NULL,
      arrival INTEGER NOT NULL,
      PRIMARY KEY (workflow, name, key)
    ) WITHOUT ROWID;
    -- Those that the delivery of an earlier event sets back.
    CREATE INDEX wfe_watermarks_topic ON wfe_watermarks (name, key, time, arrival);

    CREATE TABLE wfe_errors (
      row INTEGER PRIMARY KEY,
      workflow INTEGER NOT NULL REFERENCES wfe_workflows (row) ON DELETE CASCADE,
      pointer_id TEXT NOT NULL,
      step TEXT NOT NULL,
      attempt INTEGER NOT NULL,
      at INTEGER NOT NULL,
      code TEXT NOT NULL,
      message TEXT NOT NULL,
      stack TEXT,
      data TEXT
    );
    -- Those of an instance, and the last one of a pointer, which may have very many.
    CREATE INDEX wfe_errors_workflow ON wfe_errors (workflow, pointer_id);

    CREATE TABLE wfe_commands (
      row INTEGER PRIMARY KEY,
      name TEXT NOT NULL,
      data TEXT NOT NULL,
      -- When it is handed over next: its time, later the end of a claim.
      execute_at INTEGER NOT NULL,
      -- Set while it is being handled.
      token TEXT,
      -- Scheduled again while it is being handled.
      again_at INTEGER,
      UNIQUE (name, data)
    );
    CREATE INDEX wfe_commands_due ON wfe_commands (execute_at);

    CREATE TABLE wfe_definition_sequences (
      definition_id TEXT PRIMARY KEY,
      next INTEGER NOT NULL
    ) WITHOUT ROWID;

    -- Processes that hold locks; each keeps an operating-system lock on a file of its own, named by its id.
    CREATE TABLE wfe_hosts (
      id TEXT PRIMARY KEY
    ) WITHOUT ROWID;

    CREATE TABLE wfe_leases (
      resource TEXT PRIMARY KEY,
      token TEXT NOT NULL,
      owner TEXT NOT NULL,
      expires_at INTEGER NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX wfe_leases_owner ON wfe_leases (owner);

    CREATE TABLE wfe_queue (
      -- Order of queueing.
      row INTEGER PRIMARY KEY,
      type TEXT NOT NULL,
      id TEXT NOT NULL,
      -- When it is given out next; while it is being worked on, the end of its visibility time.
      due_at INTEGER NOT NULL,
      -- Set while it is being worked on.
      token TEXT,
      -- Queued again while it is being worked on, due then.
      mark_at INTEGER,
      UNIQUE (type, id)
    );
    CREATE INDEX wfe_queue_due ON wfe_queue (type, due_at);
  `,
};
