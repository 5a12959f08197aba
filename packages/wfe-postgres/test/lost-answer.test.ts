import pg from "pg";
import { beforeEach, describe, expect, it } from "vitest";
import type { ControlCommand } from "wfe-core";
import {
  eventually,
  instant,
  SAMPLE_DEFINITION,
  sampleChange,
  sampleEvent,
  sampleExecutionError,
  samplePointer,
  sampleSubscription,
  sampleWorkflow,
} from "wfe-core/test-support";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { ask, ownServer } from "./own-server.ts";

// Each operation is carried out by the server, and its answer lost with the connection.
describe("an answer that is lost", () => {
  const own = ownServer();
  const soon = instant(1_000);
  const later = instant(60_000);
  let schema: string;
  let store: PostgresPersistenceProvider;

  beforeEach(async () => {
    schema = own.newSchema();
    store = await own.started(new PostgresPersistenceProvider({ connectionString: own.proxy.url, schema, notifications: false }));
    await store.createNewWorkflow(sampleWorkflow("w"), instant());
  });

  /** What an operation comes to when the answer to its first try, a statement with this text, is lost. */
  async function losing<T>(text: string, operation: () => Promise<T>): Promise<T> {
    const lost = own.proxy.loseNextAnswer(text);
    const outcome = operation();
    await Promise.race([lost, outcome.then(() => Promise.reject(new Error(`no statement has the text ${text}`)))]);
    return await outcome;
  }

  const count = async (table: string): Promise<number> => Number((await own.ask(`SELECT count(*) FROM ${schema}.${table}`))[0]?.count);

  /** `w` waits with the subscription `s`. */
  const waiting = (): Promise<unknown> =>
    store.persistWorkflow(sampleChange("w", "c0", { openSubscriptions: [sampleSubscription("s", { activity: "ask" })] }), instant());

  it("of a commit: the commit is answered as it was, and applied once", async () => {
    const change = sampleChange("w", "c1", {
      data: '{"total":2}',
      sequence: 2,
      pointers: [samplePointer({ status: "running" }), samplePointer({ seq: 2, id: "new" })],
      openSubscriptions: [sampleSubscription("s")],
      events: [sampleEvent("e", { key: "other" })],
      commands: [{ name: "n", data: "d", executeAt: soon }],
      errors: [sampleExecutionError("w")],
      children: [sampleWorkflow("child", { parent: { workflowId: "w", pointerId: "1", depth: 1 }, rootWorkflowId: "w" })],
    });

    const answer = await losing("commit_v1", () => store.persistWorkflow(change, instant()));

    expect(answer).toEqual({ revision: 1, inboxSeq: 0, pendingDeliveries: [] });
    expect(await store.getWorkflowInstance("w")).toMatchObject({ revision: 1, commitId: "c1", data: '{"total":2}', pointers: change.pointers });
    const counts = Object.fromEntries(
      await Promise.all(["subscriptions", "events", "commands", "errors", "workflows", "pointers"].map(async (table) => [table, await count(table)])),
    );
    expect(counts).toEqual({ subscriptions: 1, events: 1, commands: 1, errors: 1, workflows: 2, pointers: 3 });
  });

  it("of a commit that was given an event: the delivery is answered again", async () => {
    await store.createEvent(sampleEvent("e"), instant());
    const change = sampleChange("w", "c1", { openSubscriptions: [sampleSubscription("s")] });

    const answer = await losing("commit_v1", () => store.persistWorkflow(change, instant()));

    expect(answer).toMatchObject({ revision: 1, inboxSeq: 1, pendingDeliveries: [{ subscriptionId: "s" }] });
  });

  it("of many commits: each is applied once, and one that is refused is refused", async () => {
    const ids = Array.from({ length: 50 }, (_, index) => `w-${index}`);
    await Promise.all(ids.map((id) => store.createNewWorkflow(sampleWorkflow(id), instant())));

    const outcomes = await losing("commit_v1", () =>
      Promise.allSettled(
        ids.map((id, index) =>
          store.persistWorkflow(
            sampleChange(id, `c ${id}`, { errors: [sampleExecutionError(id)] }, { revision: index === 7 ? 3 : 0, controlSeq: 0, inboxSeq: 0 }),
            instant(),
          ),
        ),
      ),
    );

    expect(outcomes.map(({ status }) => status)).toEqual(ids.map((_, index) => (index === 7 ? "rejected" : "fulfilled")));
    expect(outcomes[7]).toMatchObject({ reason: { code: "WFE_COMMIT_CONFLICT", reason: "revision" } });
    expect(await count("errors")).toBe(49);
  });

  it("of a creation: it is answered with the id, and another creation is refused", async () => {
    const workflow = sampleWorkflow("x");

    expect(await losing("create_workflows_v1", () => store.createNewWorkflow(workflow, instant()))).toBe("x");

    await expect(store.createNewWorkflow(workflow, instant())).rejects.toMatchObject({ code: "WFE_WORKFLOW_ALREADY_EXISTS" });
    expect(await count("pointers")).toBe(2);
  });

  it("of a creation that is refused: it is refused", async () => {
    await expect(losing("create_workflows_v1", () => store.createNewWorkflow(sampleWorkflow("w"), instant()))).rejects.toMatchObject({
      code: "WFE_WORKFLOW_ALREADY_EXISTS",
    });
  });

  it("of an event: it is stored once", async () => {
    expect(await losing("insert_events_v1", () => store.createEvent(sampleEvent("e"), instant()))).toBe("e");

    expect(await count("events")).toBe(1);
  });

  it("of a command for later: it is stored once", async () => {
    await losing("insert_commands_v1", () => store.scheduleCommand({ name: "n", data: "d", executeAt: soon }));

    expect(await count("commands")).toBe(1);
  });

  it("of the end of a command's handling: it is gone", async () => {
    await store.scheduleCommand({ name: "n", data: "d", executeAt: instant() });

    expect(await losing("DELETE FROM", () => store.processCommands(soon, { limit: 1, claimUntil: later }, async () => {}))).toBe(1);

    expect(await count("commands")).toBe(0);
  });

  it("of a claim of commands, events or due instances: they come again when the claim is over", async () => {
    await store.scheduleCommand({ name: "n", data: "d", executeAt: instant() });
    await store.createEvent(sampleEvent("e"), instant());
    const handled: string[] = [];
    const commands = (asAt: Date): Promise<number> =>
      store.processCommands(asAt, { limit: 1, claimUntil: later }, async ({ data }) => void handled.push(data));
    const events = (asAt: Date): Promise<readonly unknown[]> => store.getRunnableEvents(asAt, { limit: 1, claimUntil: later });
    const instances = (asAt: Date): Promise<readonly string[]> =>
      store.claimDueInstances(asAt, { definitions: [SAMPLE_DEFINITION], limit: 1, claimUntil: later });

    expect([
      await losing("claim_commands_v1", () => commands(soon)),
      await losing("claim_events_v1", () => events(soon)),
      await losing("claim_due_v1", () => instances(soon)),
    ]).toEqual([0, [], []]);

    expect([await commands(later), await events(later), await instances(later)]).toEqual([1, [{ id: "e", name: "paid", key: "1" }], ["w"]]);
    expect(handled).toEqual(["d"]);
  });

  it("of a delivery: the event is given once, and its instance is due", async () => {
    await waiting();
    await store.createEvent(sampleEvent("e"), instant());

    await losing("deliver_v1", () => store.deliverEvents([{ name: "paid", key: "1" }], soon));

    const loaded = await store.loadForPass("w");
    expect(loaded).toMatchObject({ row: { inboxSeq: 1, dueAt: soon }, deliveries: [{ subscriptionId: "s" }] });
    expect(await store.getEvent("e")).toMatchObject({ delivered: true });
  });

  it("of the publication of an event: it is given once, and answered as the first time", async () => {
    await waiting();

    const published = (): Promise<unknown> => store.publishEvent(sampleEvent("e"), soon);
    expect(await losing("publish_v1", published)).toEqual({ reached: ["w"], delivered: true });

    const loaded = await store.loadForPass("w");
    expect(loaded).toMatchObject({ row: { inboxSeq: 1, dueAt: soon }, deliveries: [{ subscriptionId: "s" }] });
    await store.persistWorkflow(
      sampleChange("w", "c1", { consume: [{ subscriptionId: "s", eventId: "e" }] }, { revision: 1, controlSeq: 0, inboxSeq: 1 }),
      soon,
    );
    expect(await published()).toEqual({ reached: [], delivered: true });
  });

  it("of numbers for names: others are given", async () => {
    expect(await store.nextDefinitionSequence("d", 2)).toBe(1);
    expect(await losing("definition_sequences", () => store.nextDefinitionSequence("d", 2))).toBe(5);
    expect(await store.nextDefinitionSequence("d", 1)).toBe(7);
  });

  it("of a worker's claim: it is claimed", async () => {
    await waiting();

    expect(await losing("SET token = $2", () => store.setSubscriptionToken("s", "t", "worker", soon, instant()))).toBe(true);

    expect(await store.getSubscription("s")).toMatchObject({ token: "t", workerId: "worker", tokenExpiresAt: soon });
    expect(await store.setSubscriptionToken("s", "t", "worker", later, instant())).toBe(false);
  });

  it("of a worker's claim that is refused: it is refused", async () => {
    await waiting();
    await store.setSubscriptionToken("s", "t", "worker", soon, instant());

    expect(await losing("SET token = $2", () => store.setSubscriptionToken("s", "u", "other", soon, instant()))).toBe(false);

    expect(await store.getSubscription("s")).toMatchObject({ token: "t" });
  });

  it("of the extension of a claim, also to its end: it is extended", async () => {
    await waiting();
    await store.setSubscriptionToken("s", "t", "worker", soon, instant());

    expect(await losing("SET token_expires_at", () => store.extendSubscriptionToken("s", "t", later, instant()))).toBe(true);
    expect(await losing("SET token_expires_at", () => store.extendSubscriptionToken("s", "t", soon, soon))).toBe(true);
    expect(await store.extendSubscriptionToken("s", "t", soon, soon)).toBe(false);
    expect(await losing("SET token_expires_at", () => store.extendSubscriptionToken("s", "wrong", later, instant()))).toBe(false);
  });

  it("of the end of a claim: it is ended", async () => {
    await waiting();
    await store.setSubscriptionToken("s", "t", "worker", soon, instant());

    expect(await losing("SET token = NULL", () => store.clearSubscriptionToken("s", "wrong"))).toBe(false);
    expect(await losing("SET token = NULL", () => store.clearSubscriptionToken("s", "t"))).toBe(true);

    expect(await store.clearSubscriptionToken("s", "t")).toBe(false);
    expect((await store.getSubscription("s"))?.token).toBeUndefined();
  });

  it("of a removal: it counts what is no longer there", async () => {
    for (const id of ["x", "y"]) await store.createNewWorkflow(sampleWorkflow(id), instant());
    for (const id of ["x", "y"]) await store.command(id, "terminate", instant());

    expect(await losing("delete_workflows_v1", () => store.deleteWorkflows(["x", "w", "y", "x"]))).toBe(2);

    expect(await count("workflows")).toBe(1);
    expect(await store.deleteWorkflows(["x", "y"])).toBe(0);
  });

  it.each<[ControlCommand, string]>([
    ["suspend", "suspended"],
    ["resume", "runnable"],
    ["terminate", "terminated"],
    ["retry", "runnable"],
  ])("of %s: who has asked is told that it is not known, and it is not done twice", async (command, status) => {
    if (command === "resume" || command === "retry") await store.command("w", "suspend", instant());
    const before = (await store.readSignals(["w"]))[0]?.controlSeq ?? 0;

    const outcome = losing("command_v1", () => store.command("w", command, instant(), command === "retry" ? { revision: 0 } : {}));

    await expect(outcome).rejects.toMatchObject({
      name: "PersistenceError",
      code: "WFE_STORE_UNREACHABLE",
      retryable: true,
      message: expect.stringMatching(/cannot be reached: .+; whether the operation was carried out is not known$/),
    });
    expect(await store.readSignals(["w"])).toEqual([{ id: "w", status, revision: 0, controlSeq: before + 1, inboxSeq: 0 }]);
  });

  it("is another matter than a connection that is refused: a command is then tried again", async () => {
    const pool = new pg.Pool({ connectionString: own.proxy.url });
    const other = await own.started(new PostgresPersistenceProvider({ pool, schema, notifications: false }));
    await own.proxy.refuse();
    own.proxy.cut();
    await eventually(() => pool.totalCount === 0, { what: "the pool knows of its loss" });
    const outcome = other.command("w", "suspend", instant());
    await expect(ask(own.proxy.url, "SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" }); // and so was the command
    await own.proxy.accept();

    expect(await outcome).toBe(true);
    expect(await other.readSignals(["w"])).toMatchObject([{ controlSeq: 1 }]);
    await other.stop();
    await pool.end();
  });

  describe("to the queue", () => {
    let queue: PostgresQueueProvider;
    const take = async (): Promise<readonly string[]> => (await queue.dequeueWork("workflow", { limit: 9, wait: 0 })).map(({ id }) => id);

    beforeEach(async () => {
      queue = await own.started(
        new PostgresQueueProvider({ connectionString: own.proxy.url, schema, notifications: false, pollInterval: 20 }, { visibility: 2_000 }),
      );
    });

    it("of a queueing: it is queued once", async () => {
      await losing("queue_turn_v1", () => queue.queueWork("w", "workflow"));

      expect(await take()).toEqual(["w"]);
      expect(await count("queue")).toBe(1);
    });

    it("of an ack: it is acked", async () => {
      await queue.queueWork("w", "workflow");
      const [item] = await queue.dequeueWork("workflow", { limit: 1, wait: 0 });

      await losing("queue_turn_v1", () => item?.ack() ?? Promise.resolve());

      expect(await count("queue")).toBe(0);
    });

    it("of a taking: it comes again when its visibility time is over", async () => {
      await queue.queueWork("w", "workflow");

      expect(await losing("queue_turn_v1", take)).toEqual([]);

      expect((await queue.dequeueWork("workflow", { limit: 1, wait: "10s" })).map(({ id }) => id)).toEqual(["w"]);
    });
  });
});
