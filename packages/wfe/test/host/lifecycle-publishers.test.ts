import { afterEach, describe, expect, it } from "vitest";
import { PostgresLifecyclePublisher, postgresProviders } from "wfe-postgres";
import { RedisLifecyclePublisher } from "wfe-redis";
import { sqliteProviders } from "wfe-sqlite";
import { testKeyPrefix, testSchema } from "wfe-test-services/vitest";
import { type Providers, type StandaloneClient, WorkflowBuilder, type WorkflowHost, WorkflowHostBuilder } from "../../src/index.ts";

const store = testSchema("publishers");
const place = testKeyPrefix("publishers");
const open: (WorkflowHost | StandaloneClient)[] = [];

afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.stop();
});

const chain = new WorkflowBuilder<{ n: number }>()
  .thenFn("first", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .waitFor("go", (data) => `key ${data.n}`)
  .thenFn("second", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .build("chain", 1);

const WHOLE = [
  "started",
  "stepStarted first",
  "stepCompleted first",
  "stepStarted waitFor go",
  "stepCompleted waitFor go",
  "stepStarted second",
  "stepCompleted second",
  "completed",
];

const shared = sqliteProviders({ path: ":memory:" });

/** Everything a process needs, over connections of its own; all of one kind share a store. */
const sets: readonly { readonly name: string; providers(name: string): Providers }[] = [
  {
    name: "PostgreSQL",
    providers: (name) => postgresProviders({ connectionString: store.url, schema: `${store.schema}_${name}`, lifecycle: true }),
  },
  {
    name: "PostgreSQL for a store in SQLite",
    providers: () => ({
      ...shared,
      lifecycle: new PostgresLifecyclePublisher({ connectionString: store.url, schema: `${store.schema}_alone` }),
    }),
  },
  {
    name: "Redis",
    providers: (name) => ({
      ...postgresProviders({ connectionString: store.url, schema: `${store.schema}_${name}` }),
      lifecycle: new RedisLifecyclePublisher({ url: place.url, keyPrefix: place.keyPrefix }),
    }),
  },
];

describe.each(sets)("lifecycle events over $name", ({ name, providers }) => {
  const key = name.toLowerCase().replaceAll(" ", "_");

  async function started<T extends WorkflowHost | StandaloneClient>(made: T): Promise<T> {
    open.push(made);
    if ("registerWorkflowDefinition" in made) made.registerWorkflowDefinition(chain);
    await made.start();
    return made;
  }

  it("come from two hosts and a client to a client, each once, those that one of them tells of an instance in order", async () => {
    const builder = (): WorkflowHostBuilder => new WorkflowHostBuilder().useProviders(providers(key));
    const [first, second] = [await started(builder().build()), await started(builder().build())];
    const [client, dashboard] = [await started(builder().buildClient()), await started(builder().buildClient())];
    const byInstance = new Map<string, string[]>();
    const reader = dashboard.events();
    const read = async (): Promise<void> => {
      for await (const event of reader) {
        const text = "step" in event ? `${event.type} ${event.step}` : event.type;
        byInstance.set(event.workflowId, [...(byInstance.get(event.workflowId) ?? []), text]);
      }
    };
    const reading = read();
    const ids = Array.from({ length: 20 }, (_, index) => `${key}-${index}`);
    const ends = dashboard.events({ types: ["completed"] })[Symbol.asyncIterator]();
    const firstEnd = ends.next();
    await expect
      .poll(async () => {
        await client.startWorkflow(chain, { n: -5 });
        return byInstance.size > 0;
      })
      .toBe(true);

    await Promise.all(ids.map((id, index) => ([first, second][index % 3] ?? client).startWorkflow(chain, { n: index }, { id })));
    await Promise.all(ids.map((_, index) => client.publishEvent("go", `key ${index + 1}`, true)));
    await Promise.all(ids.map((id) => client.waitForWorkflow(id)));
    for (const id of ids) await expect.poll(() => byInstance.get(id)?.toSorted()).toEqual(WHOLE.toSorted());

    expect((await firstEnd).value).toMatchObject({ type: "completed" });
    expect(reader.gaps).toBe(0);
    // Those of one publisher: another host may go on behind the wait, and of what a client starts a host may tell before the client does.
    const [before, behind] = [WHOLE.slice(1, 4), WHOLE.slice(4)];
    for (const id of ids) {
      const lines = byInstance.get(id) ?? [];
      for (const part of [before, behind]) expect(lines.filter((text) => part.includes(text))).toEqual(part);
    }
    await dashboard.stop();
    await reading;
  }, 20_000);
});
