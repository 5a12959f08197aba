import type { SchemaNames } from "../../schema-names.ts";
import { OPEN_STATUSES } from "./open-statuses.ts";

/**
 * Instants are whole epoch milliseconds. Payloads are text that is never looked into. Text that names something is compared byte by byte
 * (`COLLATE "C"`). Tables refer to an instance by its row number, which keeps their keys and indexes short; without foreign keys, whose checks
 * would cost more than the writes: nobody but the functions of this schema writes here.
 */
export const tablesSql = ({ table: t, index }: SchemaNames): string => `
  -- Instances and the hosts' questions name a definition by one number.
  CREATE TABLE ${t.definitions} (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    UNIQUE (id, version, fingerprint)
  );

  CREATE TABLE ${t.workflows} (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    definition bigint NOT NULL,
    status text COLLATE "C" NOT NULL,
    revision bigint NOT NULL,
    control_seq bigint NOT NULL,
    inbox_seq bigint NOT NULL,
    sequence bigint NOT NULL,
    due_at bigint,
    created_at bigint NOT NULL,
    completed_at bigint,
    -- Highest arrival number of an event when the instance was created: later ones were stored after it.
    created_arrival bigint NOT NULL,
    -- Answers whether a creation whose answer was lost has happened.
    creation_id text COLLATE "C" NOT NULL,
    commit_id text COLLATE "C",
    input_digest text NOT NULL,
    reference text COLLATE "C",
    description text,
    parent_id text COLLATE "C",
    parent_pointer_id text,
    parent_depth bigint,
    root_id text,
    -- JSON, not of the codec's.
    trace_context text,
    error text,
    data text NOT NULL
    -- Room on the page for another version of each row: a batch moves many of one page in one transaction, and only those that find room there need
    -- no new entries in the indexes.
  ) WITH (fillfactor = 45, autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);
  CREATE UNIQUE INDEX ${index("workflows_id")} ON ${t.workflows} (id);
  -- The sweep: what is due of one definition, the earliest first.
  CREATE INDEX ${index("workflows_due")} ON ${t.workflows} (definition, due_at) WHERE status = 'runnable' AND due_at IS NOT NULL;
  -- Listings, the newest first.
  CREATE INDEX ${index("workflows_created")} ON ${t.workflows} (created_at, id);
  -- Those of a definition and a status; of several, each is looked at. The end stands in it to pass others over without a look at their rows.
  CREATE INDEX ${index("workflows_listed")} ON ${t.workflows} (definition, status, created_at, id) INCLUDE (completed_at);
  CREATE INDEX ${index("workflows_failed")} ON ${t.workflows} (definition, status, created_at, id) WHERE error IS NOT NULL;
  CREATE INDEX ${index("workflows_reference")} ON ${t.workflows} (reference, created_at, id) WHERE reference IS NOT NULL;
  -- Purges: what has ended, the earliest first.
  CREATE INDEX ${index("workflows_ended")} ON ${t.workflows} (status, completed_at, row) WHERE completed_at IS NOT NULL;
  -- The children of an instance that is ended.
  CREATE INDEX ${index("workflows_parent")} ON ${t.workflows} (parent_id) WHERE parent_id IS NOT NULL;

  -- Ids and names are looked up alike, and so are unique together.
  CREATE TABLE ${t.workflow_names} (
    name text COLLATE "C" PRIMARY KEY,
    workflow bigint NOT NULL
  );

  CREATE TABLE ${t.pointers} (
    workflow bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,
    step_id bigint NOT NULL,
    step_name text,
    status text COLLATE "C" NOT NULL,
    scope text NOT NULL,
    attempt bigint NOT NULL,
    retry_count bigint NOT NULL,
    crash_count bigint NOT NULL,
    result_count bigint NOT NULL,
    predecessor_id text,
    due_at bigint,
    started_at bigint,
    ended_at bigint,
    end_seq bigint,
    item text,
    item_index bigint,
    persistence_data text,
    outcome text,
    event_name text,
    event_key text,
    event_data text,
    compensates text COLLATE "C",
    error text,
    PRIMARY KEY (workflow, id)
  ) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05);
  -- What a pass loads: the open pointers alone, in order of creation.
  CREATE INDEX ${index("pointers_open")} ON ${t.pointers} (workflow, seq)
    WHERE status IN ${OPEN_STATUSES};
  -- What compensation may have to undo, the last result first: what stands in something, as it does in a saga. The step stands in it to pass others
  -- over without a look at their rows.
  CREATE INDEX ${index("pointers_ended")} ON ${t.pointers} (workflow, end_seq, step_id) WHERE end_seq IS NOT NULL AND scope <> '[]';

  CREATE TABLE ${t.events} (
    arrival bigint GENERATED ALWAYS AS IDENTITY (SEQUENCE NAME ${t.event_arrivals}) PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    -- Stands for name and key, which are of any length, in indexes and locks.
    topic bigint NOT NULL,
    data text,
    time bigint NOT NULL,
    eligible_at bigint,
    stored_at bigint NOT NULL,
    delivered boolean NOT NULL DEFAULT false,
    -- When the sweep sees it: eligible_at, later the end of a claim.
    visible_at bigint NOT NULL
  );
  CREATE UNIQUE INDEX ${index("events_id")} ON ${t.events} (id);
  CREATE INDEX ${index("events_topic")} ON ${t.events} (topic, time, arrival);
  -- What arrived since an instance was created.
  CREATE INDEX ${index("events_topic_arrival")} ON ${t.events} (topic, arrival);
  CREATE INDEX ${index("events_undelivered")} ON ${t.events} (visible_at) WHERE NOT delivered;
  -- The arrival makes it the larger of the two: the planner, which takes delivered and visible for independent, would read all of it for the sweep.
  CREATE INDEX ${index("events_undelivered_topic")} ON ${t.events} (topic, arrival) WHERE NOT delivered;
  CREATE INDEX ${index("events_delivered")} ON ${t.events} (stored_at) WHERE delivered;

  CREATE TABLE ${t.subscriptions} (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    workflow bigint NOT NULL,
    pointer_id text NOT NULL,
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    topic bigint NOT NULL,
    -- NULL: events stored after the instance was created.
    effective_date bigint,
    activity text COLLATE "C",
    activity_topic bigint,
    input text,
    -- The event assigned to it, NULL while it is open, and the instance's inbox_seq of that delivery.
    event bigint,
    delivered_seq bigint,
    token text COLLATE "C",
    worker_id text,
    token_expires_at bigint
  );
  CREATE UNIQUE INDEX ${index("subscriptions_id")} ON ${t.subscriptions} (id);
  CREATE INDEX ${index("subscriptions_open")} ON ${t.subscriptions} (topic, row) WHERE event IS NULL;
  -- What is offered to outside workers: what nobody has claimed, in order of creation, and what somebody has, until when.
  CREATE INDEX ${index("subscriptions_offered")} ON ${t.subscriptions} (activity_topic, row)
    WHERE activity IS NOT NULL AND event IS NULL AND token IS NULL;
  CREATE INDEX ${index("subscriptions_claimed")} ON ${t.subscriptions} (activity_topic, token_expires_at)
    WHERE activity IS NOT NULL AND event IS NULL AND token IS NOT NULL;
  CREATE INDEX ${index("subscriptions_workflow")} ON ${t.subscriptions} (workflow, pointer_id);
  -- Those of an instance that were given an event, which every commit asks for; the open ones may be many.
  CREATE INDEX ${index("subscriptions_given")} ON ${t.subscriptions} (workflow, delivered_seq) WHERE event IS NOT NULL;
  CREATE INDEX ${index("subscriptions_event")} ON ${t.subscriptions} (event) WHERE event IS NOT NULL;

  CREATE TABLE ${t.consumed_events} (
    workflow bigint NOT NULL,
    event bigint NOT NULL,
    PRIMARY KEY (workflow, event)
  );
  -- Those of an event that is removed.
  CREATE INDEX ${index("consumed_events_event")} ON ${t.consumed_events} (event);

  -- Where an instance that was given many events looks for the next one of a topic: of those before, by time and arrival, it has used all that
  -- were delivered. Written under the lock of the topic.
  CREATE TABLE ${t.watermarks} (
    workflow bigint NOT NULL,
    topic bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    time bigint NOT NULL,
    arrival bigint NOT NULL,
    PRIMARY KEY (workflow, topic)
  ) WITH (fillfactor = 70);
  -- Those that the delivery of an earlier event sets back.
  CREATE INDEX ${index("watermarks_topic")} ON ${t.watermarks} (topic, time, arrival);

  CREATE TABLE ${t.errors} (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow bigint NOT NULL,
    pointer_id text NOT NULL,
    step text NOT NULL,
    attempt bigint NOT NULL,
    at bigint NOT NULL,
    code text NOT NULL,
    message text NOT NULL,
    stack text,
    data text
  );
  -- Those of an instance, and the last one of a pointer, which may have very many.
  CREATE INDEX ${index("errors_workflow")} ON ${t.errors} (workflow, pointer_id, row);

  CREATE TABLE ${t.commands} (
    row bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    data text COLLATE "C" NOT NULL,
    -- When it is handed over next: its time, later the end of a claim.
    execute_at bigint NOT NULL,
    -- Set while it is being handled.
    token text COLLATE "C",
    -- Scheduled again while it is being handled.
    again_at bigint,
    UNIQUE (name, data)
  );
  CREATE INDEX ${index("commands_due")} ON ${t.commands} (execute_at, row);

  CREATE TABLE ${t.definition_sequences} (
    definition_id text COLLATE "C" PRIMARY KEY,
    next bigint NOT NULL
  );
`;
