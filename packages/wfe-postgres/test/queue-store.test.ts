import pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPostgres, type PostgresDatabase } from "../src/postgres-database.ts";
import { type QueueTurn, queueTurn } from "../src/queue-store.ts";
import { testSchema } from "wfe-test-services/vitest";
import { testSessions } from "./test-sessions.ts";

const server = testSchema("queue-store");
const { query } = testSessions(server);

describe("queueTurn", () => {
  let schema: string;
  let database: PostgresDatabase;

  beforeEach(async () => {
    schema = server.another();
    database = openPostgres({ connectionString: server.url, schema, notifications: false });
    await database.start();
  });

  afterEach(() => database.stop());

  const turn = (part: Partial<QueueTurn>): ReturnType<typeof queueTurn> =>
    queueTurn(database, { sender: "s", changes: [], takes: [], visibilityMs: 30_000, ...part });
  const put = (id: string, delayMs = 0): QueueTurn["changes"][number] => ({ kind: "put", type: "workflow", id, delayMs });
  const take = [{ type: "workflow" as const, limit: 100 }];
  const rows = (): Promise<readonly any[]> => query(`SELECT key, token IS NULL AS waits, mark_at IS NULL AS plain FROM ${schema}.queue ORDER BY key`);

  it("makes the changes of one id in their order, and then takes", async () => {
    const [held] = (await turn({ changes: [put("x")], takes: take }))("workflow").taken;
    if (held === undefined) throw new Error("nothing was taken");

    const answer = await turn({
      changes: [put("b"), put("x", 600_000), put("x"), { kind: "ack", type: "workflow", delivery: held }, put("a"), put("b")],
      takes: take,
    });

    expect(answer("workflow").taken.map(({ id }) => id)).toEqual(["b", "x", "a"]); // x was put back after b
    expect(answer("event")).toEqual({ taken: [], dueInMs: undefined });
  });

  it("says in how many milliseconds the next entry is due", async () => {
    const answer = await turn({ changes: [put("x", 5_000), put("y", 4_000)] });

    expect(answer("workflow")).toEqual({ taken: [], dueInMs: 4_000 });
    expect((await turn({ takes: take }))("workflow").dueInMs).toBeLessThanOrEqual(4_000);
  });

  it("may be sent again when its answer was lost", async () => {
    const taken = (await turn({ changes: [put("acked"), put("marked"), put("retried")], takes: take }))("workflow").taken;
    const [acked, marked, retried] = taken;
    if (acked === undefined || marked === undefined || retried === undefined) throw new Error("nothing was taken");
    const again: Partial<QueueTurn> = {
      changes: [
        put("marked"),
        { kind: "ack", type: "workflow", delivery: acked },
        { kind: "ack", type: "workflow", delivery: marked },
        { kind: "retry", type: "workflow", delivery: retried, delayMs: 600_000 },
        put("new"),
      ],
    };

    await turn(again);
    const once = await rows();
    await turn(again);

    expect(once).toEqual(["marked", "new", "retried"].map((id) => ({ key: `workflow:${id}`, waits: true, plain: true })));
    expect(await rows()).toEqual(once);
  });

  it("writes nothing for an entry that is queued again and waits already", async () => {
    await turn({ changes: [put("x")] });
    const place = (): Promise<readonly any[]> => query(`SELECT ctid FROM ${schema}.queue`);
    const before = await place();

    await turn({ changes: [put("x"), put("x", 1_000)] });

    expect(await place()).toEqual(before);
  });

  it.each(["no statistics", "statistics of an empty table", "statistics of one row", "statistics of many rows"])(
    "reads what it needs and nothing more with %s",
    async (known) => {
      const table = `${schema}.queue`;
      if (known.includes("empty")) await query(`VACUUM ANALYZE ${table}`);
      if (known.includes("one row")) await turn({ changes: [put("one")] });
      if (known.includes("one row")) await query(`VACUUM ANALYZE ${table}`);
      await turn({ changes: Array.from({ length: 4_000 }, (_, index) => put(`w ${index}`)), takes: [{ type: "workflow", limit: 2_000 }] });
      if (known.includes("many rows")) await query(`VACUUM ANALYZE ${table}`);
      const [acked, retried] = (await turn({ takes: [{ type: "workflow", limit: 2 }] }))("workflow").taken;
      const client = new pg.Client({ connectionString: server.url }); // whose plans are made now
      await client.connect();

      await client.query("BEGIN");
      await client.query(
        `SELECT * FROM ${schema}.queue_turn_v1(NULL, 's', '{put,ack,retry}', '{workflow,workflow,workflow}', $1, $2, '{0,NULL,0}', '{workflow}', '{5}', 't', 1000)`,
        [
          ["workflow:new", `workflow:${acked?.id}`, `workflow:${retried?.id}`],
          [null, acked?.token, retried?.token],
        ],
      );
      const { rows: read } = await client.query(
        "SELECT seq_scan::int AS scans, idx_tup_fetch::int AS fetched FROM pg_stat_xact_user_tables WHERE schemaname = $1 AND relname = 'queue'",
        [schema],
      );
      await client.end();

      expect(read).toEqual([{ scans: 0, fetched: expect.any(Number) }]);
      expect(read[0].fetched).toBeLessThan(20);
    },
  );
});
