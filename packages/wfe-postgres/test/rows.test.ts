import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { instant, sampleChange, sampleEvent, sampleExecutionError, samplePointer, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { openPostgres } from "../src/postgres-database.ts";
import { PostgresPersistenceProvider } from "../src/postgres-persistence-provider.ts";
import { PostgresQueueProvider } from "../src/postgres-queue-provider.ts";
import { schemaNames } from "../src/schema-names.ts";
import { activityTopic, topicOf } from "../src/topic.ts";
import { testSessions } from "./test-sessions.ts";

const server = testSchema("rows");
const sessions = testSessions(server);
const { table } = schemaNames(server.schema);

/** What texts are made of that stores get wrong. */
const TEXTS: Readonly<Record<string, string>> = {
  "a lone high surrogate": "a\ud83db",
  "a lone low surrogate": "\udc00",
  "a zero character": "a\u0000b",
  "nothing but a zero character": "\u0000",
  "the mark of escaped text": '\u0001"a"',
  "the mark of escaped text alone": "\u0001",
  "what an escaped text looks like": `\u0001${JSON.stringify("a\u0000b")}`,
  "an emoji": "👩‍👩‍👧‍👦",
  "a decomposed accent": "e\u0301",
  "quotes and wildcards": "'; DROP TABLE wfe_workflows; -- \"%_\\",
  "dollars of a function": "$wfe$ $1 $$",
  "what looks like an array": '{a,"b",NULL}',
  null: "NULL",
  "a byte order mark": "\ufeffx",
  "the replacement character": "\ufffd",
  "control characters": "\u0002\u001f\u007f\r\n\t",
  "a number in a text": "0123",
  nothing: "",
};
/** Also where any number of characters is allowed. */
const LONG = "long 👍 \u0000 ".repeat(100_000);

describe("rows", () => {
  let persistence: PostgresPersistenceProvider;
  let queue: PostgresQueueProvider;

  beforeAll(async () => {
    const database = openPostgres({ connectionString: server.url, schema: server.schema, notifications: false, poolSize: 3 });
    persistence = new PostgresPersistenceProvider(database);
    queue = new PostgresQueueProvider(database);
    await persistence.start();
    await queue.start();
  });

  beforeEach(() => server.empty(server.schema));

  afterAll(async () => {
    await queue.stop();
    await persistence.stop();
  });

  it.each(Object.entries(TEXTS))("bring %s back as it was, in every column", async (_, text) => {
    const pointer = samplePointer({
      id: text,
      stepName: text,
      scope: [text, "x"],
      predecessorId: text,
      item: text,
      persistenceData: text,
      outcome: text,
      eventName: text,
      eventKey: text,
      eventData: text,
      compensates: text,
      error: text,
    });
    const workflow = sampleWorkflow(text, {
      name: `${text} is its name`,
      definitionId: text,
      fingerprint: text,
      data: text,
      inputDigest: text,
      reference: text,
      description: text,
      parent: { workflowId: text, pointerId: text, depth: 1 },
      rootWorkflowId: text,
      traceContext: { [text]: text, traceparent: text },
      pointers: [pointer],
    });
    await persistence.createNewWorkflow(workflow, instant());
    const event = sampleEvent(text, { name: text, key: text, data: text });
    await persistence.createEvent(event, instant());
    const error = sampleExecutionError(text, { pointerId: text, step: text, code: text, message: text, stack: text, data: text });
    const second = { ...pointer, id: `${text}2`, seq: 2 };
    const { pendingDeliveries } = await persistence.persistWorkflow(
      sampleChange(text, text, {
        data: text,
        error: text,
        errors: [error],
        pointers: [second], // those of a creation and of a commit are written in different ways
        openSubscriptions: [
          sampleSubscription(text, { pointerId: text, name: text, key: text, activity: text, input: text, bound: { effectiveDate: instant() } }),
          sampleSubscription(`${text}2`, { activity: text }),
        ],
        children: [{ ...workflow, id: `${text} child`, name: `${text} child's name` }],
        events: [{ ...event, id: `${text}2`, key: "other" }],
        commands: [{ name: text, data: text, executeAt: instant() }],
      }),
      instant(),
    );

    expect(await persistence.getWorkflowInstance(text)).toMatchObject({
      ...workflow,
      dueAt: instant(),
      error: text,
      commitId: text,
      pointers: [pointer, second],
    });
    expect(await persistence.getWorkflowInstance(`${text} child`)).toMatchObject({ definitionId: text, data: text, pointers: [pointer] });
    expect(await persistence.getWorkflowInstanceByName(`${text} is its name`)).toMatchObject({ id: text });
    expect((await persistence.loadForPass(text))?.pointers).toEqual([pointer, second]);
    expect(await persistence.getPointers(text, { scope: text, limit: 9 })).toEqual([pointer, second]);
    expect(await persistence.readSignals([text])).toMatchObject([{ id: text }]);
    expect(await persistence.getEvent(text)).toMatchObject(event);
    expect(await persistence.getEvent(`${text}2`)).toMatchObject({ name: text, key: "other", data: text });
    expect(await persistence.getEvents(text, text, instant())).toEqual([text]);
    expect(await persistence.getErrors(text)).toEqual([error]);
    expect(pendingDeliveries).toEqual([{ subscriptionId: text, pointerId: text, eventId: text, data: text }]);
    expect(await persistence.getSubscription(text)).toMatchObject({
      workflowId: text,
      name: text,
      key: text,
      activity: text,
      input: text,
      eventId: text,
    });
    expect(await persistence.setSubscriptionToken(`${text}2`, text, text, instant(1), instant())).toBe(true);
    expect(await persistence.getSubscription(`${text}2`)).toMatchObject({ token: text, workerId: text });
    expect(await persistence.extendSubscriptionToken(`${text}2`, text, instant(2), instant())).toBe(true);
    expect(await persistence.clearSubscriptionToken(`${text}2`, text)).toBe(true);
    expect(await persistence.getFirstOpenSubscription(text, instant())).toMatchObject({ id: `${text}2`, activity: text });
    expect((await persistence.listWorkflows({ definitionId: text, reference: text }, { limit: 1 })).items).toHaveLength(1);
    const commands: unknown[] = [];
    await persistence.processCommands(instant(), { limit: 1, claimUntil: instant(1) }, async (command) => void commands.push(command));
    expect(commands).toEqual([{ name: text, data: text, executeAt: instant() }]);
    expect(await persistence.nextDefinitionSequence(text, 2)).toBe(1);
    expect(await persistence.nextDefinitionSequence(text, 1)).toBe(3);
    expect(
      await persistence.claimDueInstances(instant(), {
        definitions: [workflow].map(({ definitionId, version, fingerprint }) => ({ id: definitionId, version, fingerprint })),
        limit: 9,
        claimUntil: instant(1),
      }),
    ).toEqual([`${text} child`, text]);
    await persistence.command(text, "terminate", instant());
    expect(await persistence.deleteWorkflows([text])).toBe(1);
  });

  it.each(Object.entries(TEXTS))("keep queued work apart whose ids hold %s", async (_, text) => {
    await queue.queueWork(text, "workflow");
    await queue.queueWork(`${text} `, "workflow");

    expect((await queue.dequeueWork("workflow", { limit: 9, wait: 0 })).map(({ id }) => id)).toEqual([text, `${text} `]);
  });

  it("tell ids with different lone surrogates and normal forms apart, and upper from lower case", async () => {
    const ids = ["\ud800", "\ud801", "\udc00", "\ufffd", "\ufffd\ufffd", "\u00e9", "e\u0301", "a", "A", "a ", "\u0001", `\u0001"\\u0001"`];

    for (const id of ids) await persistence.createNewWorkflow(sampleWorkflow(id), instant());

    expect((await persistence.getWorkflowInstances(ids)).map(({ id }) => id)).toEqual(ids);
  });

  it("page through ids that are stored escaped", async () => {
    const ids = ["a", "\u0000", "\ud800", "\u0001", "z"];
    for (const id of ids) await persistence.createNewWorkflow(sampleWorkflow(id), instant());

    const seen: string[] = [];
    for (let cursor: string | undefined; ; ) {
      const page = await persistence.listWorkflows({}, { limit: 1, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
      if (cursor === undefined) break;
    }

    expect(seen.toSorted()).toEqual(ids.toSorted());
  });

  it("of what an instance has used go with the event", async () => {
    await persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    const change = async (commitId: string, changes: Parameters<typeof sampleChange>[2]): Promise<unknown> => {
      const [counters] = await persistence.readSignals(["w"]);
      return await persistence.persistWorkflow(sampleChange("w", commitId, changes, counters), instant());
    };
    for (const id of ["e", "f"]) {
      await persistence.createEvent(sampleEvent(id), instant());
      await persistence.deliverEvents([sampleEvent(id)], instant());
      await change(`open ${id}`, { openSubscriptions: [sampleSubscription(id)] });
      await change(`use ${id}`, { consume: [{ subscriptionId: id, eventId: id }] });
    }
    const used = async (): Promise<number> => Number((await sessions.query(`SELECT count(*) AS count FROM ${table.consumed_events}`))[0]?.count);
    expect(await used()).toBe(2);

    expect(await persistence.deleteDeliveredEvents(instant(1), 1)).toBe(1);

    expect(await used()).toBe(1);
  });

  it("refuse a cursor that no page has given", async () => {
    for (const position of [[1.5, "a"], [Number.MAX_VALUE, "a"], [1, "\0"], [1]]) {
      const cursor = Buffer.from(JSON.stringify(position)).toString("base64url");
      await expect(persistence.listWorkflows({}, { cursor })).rejects.toThrow(RangeError);
    }
  });

  it("are found by their data among more than are looked through at a time", async () => {
    const ids = Array.from({ length: 1_100 }, (_, index) => `w-${String(index).padStart(4, "0")}`);
    await Promise.all(ids.map((id, index) => persistence.createNewWorkflow(sampleWorkflow(id, { data: `{"even":${index % 2 === 0}}` }), instant())));

    expect(await persistence.countWorkflows({ data: { even: true } })).toBe(550);
    const { items, cursor } = await persistence.listWorkflows({ data: { even: true } }, { limit: 300 });
    const rest = await persistence.listWorkflows({ data: { even: true } }, { limit: 300, ...(cursor === undefined ? {} : { cursor }) });
    expect([...items, ...rest.items].map(({ id }) => id)).toEqual(ids.filter((_, index) => index % 2 === 0).toReversed());
  });

  it("are found by their data, though it is text that UTF-8 cannot carry", async () => {
    for (const end of ["\ud83d", "\ude00"]) {
      // A codec may write what `JSON.stringify` would escape.
      await persistence.createNewWorkflow(sampleWorkflow(`w${end}`, { data: `{"total":7,"note":{"text":"cut ${end}"}}` }), instant());
    }
    const found = async (data: Readonly<Record<string, string | number>>): Promise<readonly string[]> =>
      (await persistence.listWorkflows({ data }, {})).items.map(({ id }) => id).toSorted();

    expect(await found({ total: 7 })).toEqual(["w\ud83d", "w\ude00"]);
    expect(await found({ total: 7, "note.text": "cut \ude00" })).toEqual(["w\ude00"]);
    expect(await persistence.countWorkflows({ data: { total: 7 } })).toBe(2);
  });

  it("take names and keys of events of a megabyte", async () => {
    const [name, key] = [`name ${LONG}`, `key ${LONG}`];
    await persistence.createNewWorkflow(sampleWorkflow("w"), instant());
    await persistence.persistWorkflow(
      sampleChange("w", "c", { openSubscriptions: [sampleSubscription("s", { name, key, activity: name })] }),
      instant(),
    );

    await persistence.createEvent(sampleEvent("e", { name, key }), instant());
    expect(await persistence.deliverEvents([{ name, key: `${key}.` }], instant())).toEqual([]);
    expect(await persistence.deliverEvents([{ name, key }], instant())).toEqual(["w"]);

    expect(await persistence.getEvents(name, key, instant())).toEqual(["e"]);
    expect(await persistence.getEvent("e")).toMatchObject({ name, key });
  });

  it("bring payloads back in the order of their keys, with the numbers and spaces they came with", async () => {
    const data = '{"z":1.0, "a" : 1e2, "a":"twice", "10":0, "9":12345678901234567890}';

    await persistence.createNewWorkflow(
      sampleWorkflow("w", { data, pointers: [samplePointer({ outcome: data, persistenceData: data })] }),
      instant(),
    );

    expect(await persistence.getWorkflowInstance("w")).toMatchObject({ data, pointers: [{ outcome: data, persistenceData: data }] });
  });

  it("bring texts of 16 MB back as they were", async () => {
    const data = JSON.stringify("x\u0000ä👍".repeat(2_000_000));
    await persistence.createNewWorkflow(sampleWorkflow("a", { data, pointers: [samplePointer({ outcome: data })] }), instant());

    const record = await persistence.getWorkflowInstance("a");

    expect(record?.data === data).toBe(true);
    expect(record?.pointers[0]?.outcome === data).toBe(true);
  });

  it.each([-8_640_000_000_000_000, -62_135_596_800_001, -1, 0, 1, 1_767_225_600_123, 253_402_300_799_999, 8_640_000_000_000_000])(
    "bring the instant %i back to the millisecond, wherever it stands (fault 66)",
    async (ms) => {
      const at = new Date(ms);
      const pointer = samplePointer({ dueAt: at, startedAt: at, endedAt: at });
      await persistence.createNewWorkflow(sampleWorkflow("w", { createdAt: at, dueAt: at, pointers: [pointer] }), at);
      await persistence.createEvent(sampleEvent("e", { time: at, eligibleAt: at }), at);
      const error = sampleExecutionError("w", { at });
      await persistence.persistWorkflow(
        sampleChange("w", "c", {
          dueAt: at,
          completedAt: at,
          errors: [error],
          pointers: [{ ...pointer, id: "2", seq: 2 }],
          openSubscriptions: [
            sampleSubscription("s", { key: "none", bound: { effectiveDate: at } }),
            sampleSubscription("t", { bound: { effectiveDate: at } }),
          ],
          commands: [{ name: "c", data: "d", executeAt: at }],
        }),
        at,
      );
      await persistence.setSubscriptionToken("s", "t", "w", at, at);

      expect(await persistence.getWorkflowInstance("w")).toMatchObject({
        createdAt: at,
        dueAt: at,
        completedAt: at,
        pointers: [pointer, { ...pointer, id: "2", seq: 2 }],
      });
      expect(await persistence.getEvent("e")).toMatchObject({ time: at, eligibleAt: at, storedAt: at });
      expect(await persistence.getErrors("w")).toEqual([error]);
      expect(await persistence.getSubscription("s")).toMatchObject({ bound: { effectiveDate: at }, tokenExpiresAt: at });
      expect(await persistence.getSubscription("t")).toMatchObject({ eventId: "e" });
      expect(await persistence.listWorkflows({ createdAfter: at }, {})).toMatchObject({ items: [{ id: "w" }] });
      const commands: unknown[] = [];
      await persistence.processCommands(at, { limit: 9, claimUntil: at }, async (command) => void commands.push(command));
      expect(commands).toEqual([{ name: "c", data: "d", executeAt: at }]);
    },
  );

  it.each([2 ** 31, 2 ** 32, Number.MAX_SAFE_INTEGER])("hold the number %i in every counter (fault 66)", async (number) => {
    const pointer = samplePointer({
      id: "p",
      seq: number,
      stepId: number,
      attempt: number,
      retryCount: number,
      crashCount: number,
      resultCount: number,
      endSeq: number,
      index: number,
    });
    const parent = { workflowId: "x", pointerId: "1", depth: number };
    await persistence.createNewWorkflow(sampleWorkflow("w", { version: number, parent, pointers: [pointer] }), instant());
    await sessions.query(`UPDATE ${table.workflows} SET revision = $1, control_seq = $1, inbox_seq = $1`, [number - 1]);
    const error = sampleExecutionError("w", { attempt: number });

    const { revision } = await persistence.persistWorkflow(
      sampleChange(
        "w",
        "c",
        { sequence: number, pointers: [{ ...pointer, id: "q" }], errors: [error] },
        { revision: number - 1, controlSeq: number - 1, inboxSeq: number - 1 },
      ),
      instant(),
    );
    await persistence.command("w", "suspend", instant());

    expect(revision).toBe(number);
    const loaded = await persistence.loadForPass("w");
    expect(loaded).toMatchObject({ row: { version: number, revision: number, controlSeq: number, inboxSeq: number - 1, sequence: number, parent } });
    expect(loaded?.pointers?.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([pointer, { ...pointer, id: "q" }]);
    expect(await persistence.getErrors("w")).toEqual([error]);
    expect(await persistence.nextDefinitionSequence("d", number - 1)).toBe(1);
    expect(await persistence.getPointers("w", { limit: Number.MAX_SAFE_INTEGER })).toHaveLength(2);
    const definitions = [{ id: "sample", version: number, fingerprint: "f".repeat(64) }];
    await persistence.command("w", "resume", instant());
    expect(await persistence.claimDueInstances(instant(), { definitions, limit: number, claimUntil: instant(1) })).toEqual(["w"]);
  });

  it("have no column and no parameter of fewer than 64 bits, but for places within one call (fault 66)", async () => {
    const columns = await sessions.query(
      "SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = $1 AND data_type NOT IN ('bigint', 'text', 'boolean')",
      [server.schema],
    );
    const parameters = await sessions.query(
      `SELECT p.proname, n.name FROM pg_proc p, unnest(p.proargnames, p.proallargtypes) AS n (name, type)
       WHERE p.pronamespace = to_regnamespace($1) AND format_type(n.type, NULL) !~ '^(bigint|text|jsonb?|boolean)(\\[\\])?$' ORDER BY 1, 2`,
      [server.schema],
    );

    // A presence is half of the key of an advisory lock, which has 32 bits.
    expect(columns).toMatchObject([{ table_name: "leases", column_name: "owner" }]);
    expect(parameters.filter(({ proname }) => !/lease|owner/.test(proname))).toEqual([
      { proname: "commit_v1", name: "p_change" },
      { proname: "load_v1", name: "place" },
    ]);
  });

  it("compare text that names something byte by byte, whatever the database sorts by", async () => {
    const named = await sessions.query(
      `SELECT table_name || '.' || column_name AS name FROM information_schema.columns
       WHERE table_schema = $1 AND table_name <> 'schema_versions' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C' AND column_name IN ('id', 'name', 'key', 'status', 'reference')`,
      [server.schema],
    );

    expect(named).toEqual([]);
  });

  it("keep topics apart that have one number", async () => {
    await persistence.createNewWorkflow(sampleWorkflow("paid"), instant());
    await persistence.createNewWorkflow(sampleWorkflow("other"), instant());
    await persistence.persistWorkflow(
      sampleChange("paid", "c", { openSubscriptions: [sampleSubscription("s-paid", { activity: "ask", bound: { effectiveDate: instant() } })] }),
      instant(),
    );
    await persistence.persistWorkflow(
      sampleChange("other", "c", {
        openSubscriptions: [
          sampleSubscription("s-other", { key: "2", activity: "tell" }),
          sampleSubscription("t-other", { name: "told", activity: "tell" }),
        ],
      }),
      instant(),
    );
    for (const [id, of] of Object.entries({ "e-key": { key: "2" }, "e-name": { name: "told" }, "e-paid": {} }))
      await persistence.createEvent(sampleEvent(id, of), instant());
    await sessions.query(`UPDATE ${table.events} SET topic = $1`, [topicOf("paid", "1")]);
    await sessions.query(`UPDATE ${table.subscriptions} SET topic = $1, activity_topic = $2`, [topicOf("paid", "1"), activityTopic("tell")]);

    const woken = await persistence.deliverEvents([{ name: "paid", key: "1" }], instant());

    expect(woken).toEqual(["paid"]);
    expect(await persistence.getEvents("paid", "1", instant())).toEqual(["e-paid"]);
    expect(await persistence.getSubscriptions("paid", "1", instant())).toEqual([]);
    expect((await persistence.getRunnableEvents(instant(), { limit: 9, claimUntil: instant() })).map(({ id }) => id)).toEqual(["e-key", "e-name"]);
    expect(await persistence.getFirstOpenSubscription("tell", instant())).toMatchObject({ id: "s-other" });
    await persistence.persistWorkflow(
      sampleChange("paid", "c2", { openSubscriptions: [sampleSubscription("again")] }, { revision: 1, controlSeq: 0, inboxSeq: 1 }),
      instant(),
    );
    expect((await persistence.loadForPass("paid"))?.deliveries.map(({ subscriptionId, eventId }) => [subscriptionId, eventId])).toEqual([
      ["s-paid", "e-paid"],
      ["again", "e-paid"],
    ]);
  });

  it("have topics of their own for names and keys that run together alike", () => {
    const numbers = [
      ["a", "bc"],
      ["ab", "c"],
      ["abc", ""],
      ["", "abc"],
      ["1:a", "b"],
      ["1", ":ab"],
      ["\ud800", ""],
      ["\ud801", ""],
    ].map(([name = "", key = ""]) => topicOf(name, key));

    expect(new Set(numbers).size).toBe(numbers.length);
    for (const number of numbers) expect(BigInt.asIntN(64, BigInt(number)).toString()).toBe(number);
  });
});
