import { describe, expect, it } from "vitest";
import {
  type ArtifactRef,
  artifactRef,
  type HostOptions,
  type PersistenceProvider,
  type Providers,
  WorkflowBuilder,
  type WorkflowHost,
  WorkflowHostBuilder,
} from "../../src/index.ts";
import { InMemoryArtifactStore, InMemoryLockProvider, InMemoryPersistenceProvider, InMemoryQueueProvider } from "../../src/test-support/index.ts";
import { type Scenario, scenarios } from "./scenario.ts";

const short = new WorkflowBuilder<{ n: number }>()
  .thenFn("add", (ctx) => ctx.data.n + 1)
  .saveAs("n")
  .build("short", 1);

const waits = new WorkflowBuilder<{ n: number }>().waitFor("go", "k").build("waits", 1);

function both(host: WorkflowHost): void {
  host.registerWorkflowDefinition(short);
  host.registerWorkflowDefinition(waits);
}

/** Sweeps seldom: days of virtual time would be full of looks that find nothing. */
const SELDOM = { sweepInterval: "12h" } as const satisfies HostOptions;
const PURGE = { ...SELDOM, purge: [{ status: "complete", olderThan: "1d" }], purgeInterval: "1h" } as const satisfies HostOptions;

/** Providers that call back before each deletion. */
function watched(providers: Providers, before: (ids: readonly string[]) => void | Promise<void>): Providers {
  const persistence = new Proxy(providers.persistence, {
    get: (target, key) => {
      const value: unknown = Reflect.get(target, key, target);
      if (key !== "deleteWorkflows") return typeof value === "function" ? (value.bind(target) as unknown) : value;
      const deletes: PersistenceProvider["deleteWorkflows"] = async (ids, only) => {
        await before(ids);
        return await target.deleteWorkflows(ids, only);
      };
      return deletes;
    },
  });
  return { ...providers, persistence };
}

async function started(
  { build, store }: Scenario,
  options: HostOptions,
  before: (ids: readonly string[]) => void | Promise<void>,
): Promise<WorkflowHost> {
  const host = build(both, options, watched(store.open(), before));
  await host.start();
  return host;
}

scenarios("a purge on a schedule", (open) => {
  it("removes what has become old enough, and nothing else, every interval", async () => {
    const { host: newHost, clock } = await open();
    const host = await newHost(both, PURGE);
    await host.startWorkflow(waits, { n: 0 }, { id: "waits" });
    await host.startWorkflow(waits, { n: 0 }, { id: "terminated" });
    await host.terminateWorkflow("terminated");
    await host.startWorkflow(short, { n: 0 }, { id: "old" });
    await clock.advance("23h");
    await host.startWorkflow(short, { n: 0 }, { id: "young" });
    await clock.advance("30m");
    const left = async (): Promise<readonly string[]> => (await host.listWorkflows()).items.map(({ id }) => id).toSorted();

    const before = await left();
    await clock.advance("90m");
    const after = await left();
    await clock.advance("24h");

    expect(before).toEqual(["old", "terminated", "waits", "young"]);
    expect(after).toEqual(["terminated", "waits", "young"]);
    expect(await left()).toEqual(["terminated", "waits"]);
  });

  it("runs at the start, too: a host that is often started anew would never come to it", async () => {
    const { host: newHost, clock } = await open();
    const first = await newHost(both, SELDOM);
    await first.startWorkflow(short, { n: 0 });
    await clock.advance("2d");
    await first.stop();

    const second = await newHost(both, { ...PURGE, purgeInterval: "7d" });
    await clock.advance("1s");

    expect(await second.countWorkflows()).toBe(0);
  });

  it("follows each of its rules, in batches of their size", async () => {
    const scenario = await open();
    const { clock } = scenario;
    const sizes: number[] = [];
    const options = {
      ...SELDOM,
      purge: [
        { status: "terminated", olderThan: "1h" },
        { ...PURGE.purge[0], batchSize: 2 },
      ],
      purgeInterval: "2d",
    } as const;
    const host = await started(scenario, options, (ids) => void sizes.push(ids.length));
    await Promise.all(Array.from({ length: 5 }, () => host.startWorkflow(short, { n: 0 })));
    await host.startWorkflow(waits, { n: 0 }, { id: "ended" });
    await host.terminateWorkflow("ended");

    await clock.advance("50h");

    expect(sizes).toEqual([1, 2, 2, 1]);
    expect(await host.countWorkflows()).toBe(0);
  });

  it("is made by one host at a time, and goes on with another one when that stops", async () => {
    const scenario = await open();
    const { clock } = scenario;
    const options = { ...SELDOM, purge: [{ ...PURGE.purge[0], batchSize: 1 }], purgeInterval: "1h" } as const;
    const took: string[] = [];
    let working = 0;
    let most = 0;
    const slow = (name: string) => async (): Promise<void> => {
      took.push(name);
      working += 1;
      most = Math.max(most, working);
      await new Promise<void>((resolve) => void clock.setTimer(20_000, resolve));
      working -= 1;
    };
    const hosts = { first: await started(scenario, options, slow("first")), second: await started(scenario, options, slow("second")) };
    await Promise.all(Array.from({ length: 9 }, () => hosts.first.startWorkflow(short, { n: 0 })));
    await clock.advance("24h");
    while (took.length < 4) await clock.advance("10s");
    const alone = new Set(took);
    const [one, other] = took[0] === "first" ? [hosts.first, hosts.second] : [hosts.second, hosts.first];
    const stopped = one.stop();
    await clock.advance("1m");
    await stopped;
    await clock.advance("2h");

    expect(alone.size).toBe(1);
    expect(most).toBe(1);
    expect(took).toHaveLength(9);
    expect(new Set(took).size).toBe(2);
    expect(await other.countWorkflows()).toBe(0);
  });

  it("ends with the batch that is under way when its host stops", async () => {
    const scenario = await open();
    const { clock, client: newClient } = scenario;
    const client = await newClient();
    let stopping: Promise<void> | undefined;
    const options = { ...SELDOM, purge: [{ ...PURGE.purge[0], batchSize: 2 }], purgeInterval: "1h" } as const;
    const host = await started(scenario, options, () => {
      stopping ??= host.stop();
    });
    await Promise.all(Array.from({ length: 6 }, () => host.startWorkflow(short, { n: 0 })));

    await clock.advance("26h");
    await stopping;

    expect(stopping).toBeDefined();
    expect(await client.countWorkflows()).toBe(4);
  });

  it("is logged when it fails, and tried again", async () => {
    const scenario = await open();
    const { clock, warnings } = scenario;
    let failures = 1;
    const host = await started(scenario, PURGE, () => {
      failures -= 1;
      if (failures === 0) throw new Error("the disk is full");
    });
    await host.startWorkflow(short, { n: 0 });

    await clock.advance("24h");
    await clock.advance("1h");
    const heard = warnings.map(({ message }) => message);
    const left = await host.countWorkflows();
    await clock.advance("1h");

    expect(heard).toEqual(["the removal of old workflows has failed; it is tried again in 3600000 ms"]);
    expect(left).toBe(1);
    expect(await host.countWorkflows()).toBe(0);
  });
});

/** The store of the test that runs; there is one at a time. */
let artifacts: InMemoryArtifactStore | undefined;

scenarios(
  "a purge on a schedule with artifacts",
  (open) => {
    it("ends pins, and sweeps what nobody keeps", async () => {
      const { host: newHost, clock } = await open();
      const store = new InMemoryArtifactStore({ clock, expiry: "7d" });
      artifacts = store;
      const keeps = new WorkflowBuilder<{ source: ArtifactRef }>().thenFn("keep", () => undefined).build("keeps", 1);
      const host = await newHost((each) => each.registerWorkflowDefinition(keeps), PURGE);
      const { digest } = await store.put(new TextEncoder().encode("abc"));
      await host.startWorkflow(keeps, { source: artifactRef(digest) });
      await clock.advance("12h");
      const kept = (await store.stat(digest))?.pinnedBy.length;

      await clock.advance("2d");
      const released = await store.stat(digest);
      await clock.advance("7d");

      expect(kept).toBe(1);
      expect(released?.pinnedBy).toEqual([]);
      expect(await host.countWorkflows()).toBe(0);
      expect(await store.stat(digest)).toBeUndefined();
    });
  },
  { prepare: (builder) => (artifacts === undefined ? builder : builder.useArtifactStore(artifacts)) },
);

describe("the option purge", () => {
  const build = (options: object): unknown =>
    new WorkflowHostBuilder()
      .usePersistence(new InMemoryPersistenceProvider())
      .useLockProvider(new InMemoryLockProvider())
      .useQueueProvider(new InMemoryQueueProvider())
      .withOptions(options as HostOptions)
      .build();

  it.each<[string, object]>([
    ["is no list", { purge: { status: "complete", olderThan: "1d" } }],
    ["names a status that is not over", { purge: [{ status: "suspended", olderThan: "1d" }] }],
    ["has no age", { purge: [{ status: "complete" }] }],
    ["has an instant for an age", { purge: [{ status: "complete", olderThan: new Date() }] }],
    ["has a batch that is too large", { purge: [{ status: "complete", olderThan: "1d", batchSize: 1_001 }] }],
    ["would be a dry run", { purge: [{ status: "complete", olderThan: "1d", dryRun: true }] }],
    ["comes too often", { purgeInterval: 999 }],
  ])("is refused when it %s", (_, options) => {
    expect(() => build(options)).toThrow(RangeError);
  });

  it("is refused when it has a field that it does not know", () => {
    expect(() => build({ purge: [{ status: "complete", olderThan: "1d", definitionId: "x" }] })).toThrow(TypeError);
  });
});
