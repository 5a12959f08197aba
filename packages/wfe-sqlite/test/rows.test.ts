import SqliteFile from "better-sqlite3";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { instant, sampleChange, sampleEvent, sampleExecutionError, samplePointer, sampleSubscription, sampleWorkflow } from "wfe-core/test-support";
import { sqliteProviders } from "../src/sqlite-providers.ts";
import { newFolder } from "./sqlite-targets.ts";

/** What texts are made of that stores get wrong. */
const TEXTS: Readonly<Record<string, string>> = {
  "a lone high surrogate": "a\ud83db",
  "a lone low surrogate": "\udc00",
  "a zero character": "a\u0000b",
  "nothing but a zero character": "\u0000",
  "an emoji": "👩‍👩‍👧‍👦",
  "a decomposed accent": "e\u0301",
  "quotes and wildcards": "'; DROP TABLE wfe_workflows; -- \"%_\\",
  "a byte order mark": "\ufeffx",
  "the replacement character": "\ufffd",
  "a number in a text": "0123",
};

describe("rows", () => {
  let folder: ReturnType<typeof newFolder>;
  let providers: ReturnType<typeof sqliteProviders>;

  beforeEach(async () => {
    folder = newFolder();
    providers = sqliteProviders({ path: folder.path("wfe.db") });
    for (const provider of Object.values(providers)) await provider.start();
  });

  afterEach(async () => {
    for (const provider of Object.values(providers)) await provider.stop();
    folder.remove();
  });

  it.each(Object.entries(TEXTS))("bring %s back as it was, in every column", async (_, text) => {
    const { persistence } = providers;
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
    });
    const workflow = sampleWorkflow(text, {
      name: `name ${text}`,
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
    const { pendingDeliveries } = await persistence.persistWorkflow(
      sampleChange(text, text, {
        error: text,
        errors: [error],
        openSubscriptions: [
          sampleSubscription(text, { pointerId: text, name: text, key: text, activity: text, bound: { effectiveDate: instant() } }),
        ],
        commands: [{ name: text, data: text, executeAt: instant() }],
      }),
      instant(),
    );

    expect(await persistence.getWorkflowInstance(text)).toMatchObject({ ...workflow, dueAt: instant(), error: text, commitId: text });
    expect(await persistence.getWorkflowInstanceByName(`name ${text}`)).toMatchObject({ id: text });
    expect((await persistence.loadForPass(text))?.pointers).toEqual([pointer]);
    expect(await persistence.getEvent(text)).toMatchObject(event);
    expect(await persistence.getEvents(text, text, instant())).toEqual([text]);
    expect(await persistence.getErrors(text)).toEqual([error]);
    expect(pendingDeliveries).toEqual([{ subscriptionId: text, pointerId: text, eventId: text, data: text }]);
    expect(await persistence.getSubscription(text)).toMatchObject({
      id: text,
      workflowId: text,
      name: text,
      key: text,
      activity: text,
      eventId: text,
    });
    expect(await persistence.listWorkflows({ definitionId: text, reference: text }, {})).toMatchObject({ items: [{ id: text }] });
    const commands: unknown[] = [];
    await persistence.processCommands(instant(), { limit: 1, claimUntil: instant(1) }, async (command) => void commands.push(command));
    expect(commands).toEqual([{ name: text, data: text, executeAt: instant() }]);
  });

  it.each(Object.entries(TEXTS))("keep locks and queued work apart whose names hold %s", async (_, text) => {
    const { locks, queue } = providers;
    await queue.queueWork(text, "workflow");
    await queue.queueWork(`${text} `, "workflow");

    expect((await queue.dequeueWork("workflow", { limit: 9, wait: 0 })).map(({ id }) => id)).toEqual([text, `${text} `]);
    expect(await locks.acquireLock(text, { ttl: "1m" })).toMatchObject({ resource: text });
    expect(await locks.acquireLock(`${text} `, { ttl: "1m" })).toBeDefined();
    expect(await locks.acquireLock(text, { ttl: "1m" })).toBeUndefined();
  });

  it("tell ids with different lone surrogates apart", async () => {
    const { persistence } = providers;
    const ids = ["\ud800", "\ud801", "\udc00", "\ufffd", "\ufffd\ufffd"];

    for (const id of ids) await persistence.createNewWorkflow(sampleWorkflow(id), instant());

    expect((await persistence.getWorkflowInstances(ids)).map(({ id }) => id)).toEqual(ids);
  });

  it("are found by their data, though it is text that UTF-8 cannot carry", async () => {
    const { persistence } = providers;
    for (const end of ["\ud83d", "\ude00"]) {
      // A codec may write what `JSON.stringify` would escape.
      await persistence.createNewWorkflow(sampleWorkflow(`w${end}`, { data: `{"total":7,"note":{"text":"cut ${end}"}}` }), instant());
    }
    const found = async (data: Readonly<Record<string, string | number>>): Promise<readonly string[]> =>
      (await persistence.listWorkflows({ data }, {})).items.map(({ id }) => id).toSorted();

    expect(await found({ total: 7 })).toEqual(["w\ud83d", "w\ude00"]);
    expect(await found({ total: 7, "note.text": "cut \ude00" })).toEqual(["w\ude00"]);
    expect(await found({ total: 8 })).toEqual([]);
    expect(await persistence.countWorkflows({ data: { total: 7 } })).toBe(2);
  });

  it("of what an instance has used go with the event", async () => {
    const { persistence } = providers;
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
    const used = (): Promise<number> =>
      Promise.resolve(Number(new SqliteFile(folder.path("wfe.db")).prepare("SELECT count(*) FROM wfe_consumed_events").pluck().get()));
    expect(await used()).toBe(2);

    expect(await persistence.deleteDeliveredEvents(instant(1), 1)).toBe(1);

    expect(await used()).toBe(1);
  });

  it("bring texts of 16 MB back as they were", async () => {
    const { persistence } = providers;
    const data = JSON.stringify("x\u0000ä👍".repeat(2_000_000));
    await persistence.createNewWorkflow(sampleWorkflow("a", { data, pointers: [samplePointer({ outcome: data })] }), instant());

    const record = await persistence.getWorkflowInstance("a");

    expect(record?.data === data).toBe(true);
    expect(record?.pointers[0]?.outcome === data).toBe(true);
  });

  it("bring instants back to the millisecond, those before 1970 too", async () => {
    const { persistence } = providers;
    const instants = [-8_640_000_000_000_000, -1, 0, 1, 1_767_225_600_123, 8_640_000_000_000_000].map((ms) => new Date(ms));

    for (const [index, dueAt] of instants.entries()) {
      const pointers = [samplePointer({ dueAt, startedAt: dueAt, endedAt: dueAt })];
      await persistence.createNewWorkflow(sampleWorkflow(`w-${index}`, { createdAt: dueAt, dueAt, pointers }), instant());
    }

    for (const [index, dueAt] of instants.entries()) {
      expect(await persistence.getWorkflowInstance(`w-${index}`)).toMatchObject({
        createdAt: dueAt,
        dueAt,
        pointers: [{ dueAt, startedAt: dueAt, endedAt: dueAt }],
      });
    }
  });

  it("leave out what is absent", async () => {
    const { persistence } = providers;
    const { dueAt: _, ...workflow } = sampleWorkflow("a");
    await persistence.createNewWorkflow(workflow, instant());

    expect(await persistence.getWorkflowInstance("a")).toEqual({
      ...workflow,
      status: "runnable",
      revision: 0,
      controlSeq: 0,
      inboxSeq: 0,
      sequence: 1,
    });
  });
});
