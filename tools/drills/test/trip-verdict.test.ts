import Database from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Cluster } from "../src/cluster.ts";
import { SqliteStore } from "../src/sqlite-store.ts";
import { halfWritten, tripVerdict } from "../src/trip-verdict.ts";
import { Trips } from "../src/trips.ts";

const TRIPS = 4;
const TIMEOUT_MS = 60_000;

describe("the verdict over trips", () => {
  let cluster: Cluster<SqliteStore>;
  beforeEach(async () => {
    cluster = await Cluster.start(new SqliteStore());
    await cluster.addHost();
    await new Trips(cluster, TRIPS, { underWay: TRIPS }).run();
    await cluster.stopHosts();
  }, TIMEOUT_MS);
  afterEach(() => cluster.dispose());

  /** Does something by SQL that no host would do. */
  function tamper(text: string): void {
    const database = new Database(cluster.store.path);
    database.exec(text);
    database.close();
  }

  async function wrong(): Promise<readonly string[]> {
    const { findings } = await tripVerdict(cluster, TRIPS);
    return findings.filter(({ isGood }) => !isGood).map(({ what }) => what);
  }

  it(
    "is good as they have ended, and finds what is done to them afterwards",
    async () => {
      const asTheyEnded = await wrong();
      const found: Record<string, readonly string[]> = {};
      for (const [what, text, undo] of TAMPERINGS) {
        tamper(text);
        found[what] = await wrong();
        tamper(undo);
      }
      const afterwards = await wrong();

      expect(asTheyEnded).toEqual([]);
      expect(found).toEqual({
        "an end is lost": ["trips that have ended", "trips with a step that is missing, is there twice, or has ended in a wrong way"],
        "a commit too many": ["trips with a commit too many"],
        "an attempt too many": [
          "trips with a step whose result was taken twice, or not from its last run",
          "trips with an attempt that was given twice, or to nobody",
        ],
        "an event is not used": ["events that are used", "uses of events"],
        "an event is not delivered": ["events that are not delivered"],
        "a command is owed": ["commands to others that are left"],
      });
      expect(afterwards).toEqual([]);
    },
    TIMEOUT_MS,
  );

  it(
    "finds an event that was used twice, and a result without its step",
    async () => {
      const whole = await halfWritten(cluster, TRIPS);
      tamper("UPDATE wfe_workflows SET data = json_insert(data, '$.notes[#]', 1, '$.runs[#]', 't0/99/0 1') WHERE id = 't0'");

      expect(whole).toEqual([]);
      expect(await wrong()).toEqual([
        "trips with an event that is lost or was used twice",
        "trips with a step whose result was taken twice, or not from its last run",
      ]);
      expect(await halfWritten(cluster, TRIPS)).toMatchObject([{ id: "t0" }]);
    },
    TIMEOUT_MS,
  );
});

const CLOSE_OF_T0 = "workflow = (SELECT row FROM wfe_workflows WHERE id = 't0') AND step_name = 'close'";

/** What it is, how it is done, and how it is undone. */
const TAMPERINGS = [
  ["an end is lost", "UPDATE wfe_workflows SET status = 'runnable' WHERE id = 't0'", "UPDATE wfe_workflows SET status = 'complete' WHERE id = 't0'"],
  [
    "a commit too many",
    "UPDATE wfe_workflows SET revision = revision + 100 WHERE id = 't0'",
    "UPDATE wfe_workflows SET revision = revision - 100 WHERE id = 't0'",
  ],
  [
    "an attempt too many",
    `UPDATE wfe_pointers SET attempt = attempt + 1 WHERE ${CLOSE_OF_T0}`,
    `UPDATE wfe_pointers SET attempt = attempt - 1 WHERE ${CLOSE_OF_T0}`,
  ],
  [
    "an event is not used",
    "CREATE TABLE kept AS SELECT * FROM wfe_consumed_events LIMIT 1; DELETE FROM wfe_consumed_events WHERE event = (SELECT event FROM kept)",
    "INSERT INTO wfe_consumed_events SELECT * FROM kept; DROP TABLE kept",
  ],
  ["an event is not delivered", "UPDATE wfe_events SET delivered = 0 WHERE id = 'note-1'", "UPDATE wfe_events SET delivered = 1 WHERE id = 'note-1'"],
  ["a command is owed", "INSERT INTO wfe_commands (name, data, execute_at) VALUES ('x', 'y', 0)", "DELETE FROM wfe_commands WHERE name = 'x'"],
] as const;
