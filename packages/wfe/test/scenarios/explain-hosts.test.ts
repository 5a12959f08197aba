import { expect, it } from "vitest";
import {
  ErrorBehavior,
  type HttpClient,
  LockError,
  type LogEntry,
  type Providers,
  WorkflowBuilder,
  type WorkflowDefinition,
  WorkflowNotFoundError,
} from "../../src/index.ts";
import { samplePointer, sampleWorkflow } from "../../src/test-support/index.ts";
import { replacing } from "../replacing.ts";
import { registers, scenarios } from "./scenario.ts";

interface Data {
  n: number;
}

const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();

/** Something that happens when a test says so. */
function barrier(): { readonly passed: Promise<void>; readonly pass: () => void } {
  let pass = (): void => {};
  const passed = new Promise<void>((resolve) => (pass = resolve));
  return { passed, pass };
}

/** Endpoints that are never done. */
const http: HttpClient = async () => new Response("{}", { headers: { "content-type": "application/json" } });

scenarios(
  "explain, with other hosts",
  (open) => {
    it("tells of a step that runs, on which host and since when, and does not disturb it", async () => {
      const { host: newHost, client: newClient, clock, warnings } = await open();
      const end = barrier();
      const definition = w()
        .thenFn("long", async () => {
          await end.passed;
          return 7;
        })
        .saveAs("n")
        .build("w", 1);
      const host = await newHost(registers(definition));
      const other = await newHost(registers(definition));
      const client = await newClient();
      const startedAt = new Date(clock.now());
      const id = await host.startWorkflow(definition, { n: 1 });
      await clock.advance("5s");

      const [here, elsewhere, fromClient] = [await host.explain(id), await other.explain(id), await client.explain(id)];

      for (const { pointers, reasons, unblock } of [here, elsewhere, fromClient]) {
        expect(reasons).toEqual([]);
        expect(unblock).toEqual([]);
        expect(pointers).toMatchObject([{ step: "long", attempt: 1, since: startedAt, reason: { kind: "running", abandoned: false } }]);
      }
      expect(here.lease).toMatchObject({ kind: "held", here: true });
      expect(elsewhere.lease).toMatchObject({ kind: "held", here: false });
      expect(fromClient.lease).toEqual({ kind: "unknown", why: "noLockProvider" });
      if (here.lease.kind === "held") expect(here.lease.expiresAt.getTime()).toBeGreaterThan(clock.now());
      expect(elsewhere.summary).toContain("another host");
      end.pass();
      await clock.advance("1s");
      expect(await host.getWorkflow(id)).toMatchObject({ status: "complete", data: { n: 7 } });
      expect((await host.getHistory(id)).map(({ attempt }) => attempt)).toEqual([1]);
      expect(warnings).toEqual([]);
    });

    it("tells that it cannot know who works on it, where the locks cannot tell or are away", async () => {
      const { build, store, clock } = await open();
      const definition = w().waitFor("go", "k").build("w", 1);
      const withLocks = (change: Partial<Providers["locks"]> | undefined): Providers => {
        const providers = store.open();
        const locks = new Proxy(replacing(providers.locks, change), {
          get: (target, key) => (change === undefined && key === "inspect" ? undefined : (Reflect.get(target, key) as unknown)),
        });
        return { ...providers, locks };
      };
      const lacking = build(registers(definition), {}, withLocks(undefined));
      const away = build(registers(definition), {}, withLocks({ inspect: () => Promise.reject(new LockError("the locks are away")) }));
      for (const host of [lacking, away]) await host.start();
      const id = await lacking.startWorkflow(definition, { n: 1 });
      await clock.settle();

      expect((await lacking.explain(id)).lease).toEqual({ kind: "unknown", why: "noCapability" });
      expect(await away.explain(id)).toMatchObject({ lease: { kind: "unknown", why: "unreachable" }, pointers: [{ reason: { kind: "event" } }] });
    });

    it("tells that it is due and nobody has begun, and how a step was left by a host that is gone", async () => {
      const { client: newClient, host: newHost, store, clock } = await open();
      const client = await newClient();
      const definition = w().waitFor("go", "k").build("w", 1);
      const startedAt = new Date(clock.now());
      const id = await client.startWorkflow(definition, { n: 1 });
      await clock.advance("1h");
      const { persistence } = store.open();
      await persistence.start();
      const left = samplePointer({ status: "running", attempt: 1, stepName: "long", startedAt });
      await persistence.createNewWorkflow(sampleWorkflow("left", { createdAt: startedAt, dueAt: startedAt, pointers: [left] }), startedAt);
      const host = await newHost();

      const due = await client.explain(id);
      const abandoned = await host.explain("left");

      const now = new Date(clock.now());
      expect(due).toMatchObject({ reasons: [{ kind: "due", since: startedAt }], pointers: [{ reason: { kind: "ready" } }], nextLook: { at: now } });
      expect(abandoned.reasons.map(({ kind }) => kind)).toEqual(["unknownDefinition", "due"]);
      expect(abandoned.pointers).toMatchObject([{ step: "long", reason: { kind: "running", abandoned: true } }]);
      expect(abandoned.unblock).toEqual(["register definition sample 1 on a host"]);
      await persistence.stop();
    });

    it("tells that an instance is over, and of a command that is owed to it", async () => {
      const { host: newHost, store, clock } = await open();
      const definition = w()
        .thenFn("a", (ctx) => {
          if (ctx.data.n === 0) throw new Error("nothing");
          return ctx.data.n;
        })
        .onError(ErrorBehavior.terminate())
        .waitFor("go", "k")
        .build("w", 1);
      const host = await newHost(registers(definition));
      const [ended, failed, told] = [
        await host.startWorkflow(definition, { n: 1 }),
        await host.startWorkflow(definition, { n: 0 }),
        await host.startWorkflow(definition, { n: 2 }),
      ];
      await clock.advance("1s");
      await host.terminateWorkflow(told);
      const owed = await host.startWorkflow(definition, { n: 3 });
      await clock.advance("1s");
      const { persistence } = store.open();
      await persistence.start();
      const executeAt = new Date(clock.now() + 3_600_000);
      await persistence.scheduleCommand({ name: "terminateWorkflow", data: owed, executeAt });
      const withCommand = await host.explain(owed);
      await persistence.stop();
      await host.publishEvent("go", "k", null);
      await clock.advance("1s");

      const over = await host.explain(ended);

      expect(withCommand.reasons).toEqual([{ kind: "command", command: "terminateWorkflow", executeAt }]);
      const { completedAt } = await host.getWorkflow(ended);
      expect(over).toMatchObject({ status: "complete", reasons: [{ kind: "over", since: completedAt }], openPointers: 0, pointers: [], unblock: [] });
      expect(over.summary).toBe(`w-1 (w 1) is complete\n- it has ended at ${completedAt?.toISOString()}`);
      expect(await host.explain(failed)).toMatchObject({
        reasons: [{ kind: "over", status: "terminated", error: { message: "nothing" } }],
        openPointers: 0,
        unblock: ['retryWorkflow("w-2")'],
      });
      expect(await host.explain(told)).toMatchObject({ reasons: [{ kind: "over", status: "terminated" }], unblock: [] });
    });

    it("tells which definition is missing here, and what differs in one that has another graph", async () => {
      const { host: newHost, client: newClient, clock } = await open();
      const old = w()
        .parallel((p) =>
          p
            .branch((b) => b.waitFor("go", "k").name("wait for it"))
            .branch((b) => b.delay("9d"))
            .branch((b) => b.waitFor("last", "k")),
        )
        .build("d", 2) as WorkflowDefinition<Data>;
      // By their numbers: 0 the container, 1 and 2 steps, 3 missing.
      const changed = w()
        .parallel((p) => p.branch((b) => b.delay("1d").name("other")).branch((b) => b.delay("9d").name("renamed")))
        .build("d", 2);
      const first = w()
        .thenFn("a", () => 1)
        .build("d", 1);
      const host = await newHost(registers(old));
      const client = await newClient();
      const id = await host.startWorkflow(old, { n: 1 });
      await clock.advance("1m");
      const of = async (...definitions: readonly WorkflowDefinition<Data>[]): Promise<Awaited<ReturnType<typeof host.explain>>> =>
        (await newHost(registers(...definitions))).explain(id);
      const [unknownId, unknownVersion, otherGraph, moved] = [
        await of(),
        await of(first, { ...first, version: 4 }),
        await of(changed),
        await of(changed, { ...old, version: 3 }),
      ];
      const key = { id: "d", version: 2, fingerprint: old.fingerprint };

      expect(unknownId.reasons).toEqual([{ kind: "unknownDefinition", definition: { ...key, problem: "id" } }]);
      expect(unknownId.unblock[0]).toBe("register definition d 2 on a host");
      expect(unknownVersion.reasons).toEqual([{ kind: "unknownDefinition", definition: { ...key, problem: "version", registered: [1, 4] } }]);
      expect(unknownVersion.summary).toContain("the definition d 2 is not registered here, only versions 1, 4; this host leaves it to others");
      expect(otherGraph.reasons).toEqual([
        {
          kind: "unknownDefinition",
          definition: {
            ...key,
            problem: "fingerprint",
            here: changed.fingerprint,
            sameGraph: [],
            differences: [
              { pointerId: "2", stepId: 1, step: "wait for it", problem: "otherKind", here: { step: "other", kind: "delay" } },
              { pointerId: "3", stepId: 2, step: "delay", problem: "otherName", here: { step: "renamed", kind: "delay" } },
              { pointerId: "4", stepId: 3, step: "waitFor last", problem: "missing" },
            ],
          },
        },
      ]);
      expect(otherGraph.summary).toContain('it stands on step 1 "wait for it", which is "other" of the kind delay here, and 2 more differ');
      expect(moved.reasons).toMatchObject([{ definition: { problem: "fingerprint", sameGraph: [3] } }]);
      // What it waits for is told all the same; but for the kinds of its steps.
      expect(otherGraph.pointers.map(({ reason }) => reason.kind)).toEqual(["event", "time", "event", "container"]);
      expect(otherGraph.pointers[0]).not.toHaveProperty("stepKind");
      expect((await host.explain(id)).reasons).toEqual([]);
      expect((await client.explain(id)).reasons).toEqual([]);
    });

    it("tells what it can of payloads that another codec has written", async () => {
      const { host: newHost, clock } = await open();
      const codec = { encode: (value: unknown) => `x${JSON.stringify(value)}`, decode: (text: string) => JSON.parse(text.slice(1)) as unknown };
      const definition = w()
        .saga((b) =>
          b
            .thenFn("a", () => {
              throw new Error("no");
            })
            .compensateWithFn("undo a", () => {})
            .onError(ErrorBehavior.compensate()),
        )
        .onError(ErrorBehavior.suspend())
        .build("w", 1);
      const polling = w()
        .pollEndpoint({ url: "https://none.test/", interval: "10m", timeout: "1h", until: { path: "a", equals: 1 } })
        .build("p", 1);
      const options = { codec, pollEndpoints: { allow: ["https://none.test"] } };
      const host = await newHost(registers(definition, polling), options);
      const plain = await newHost(registers(definition));
      const id = await host.startWorkflow(definition, { n: 1 });
      const polls = await host.startWorkflow(polling, { n: 1 });
      await clock.advance("1s");

      expect(await plain.explain(id)).toMatchObject({
        reasons: [{ kind: "suspended", by: "error", error: { code: "WFE_PAYLOAD_UNREADABLE" } }],
        pointers: [
          { step: "a", reason: { kind: "failed", error: { code: "WFE_PAYLOAD_UNREADABLE" } } },
          { step: "saga", reason: { kind: "container" } },
        ],
      });
      expect(await host.explain(id)).toMatchObject({
        reasons: [{ error: { message: "no" } }],
        pointers: [{ reason: { kind: "failed" } }, { reason: { kind: "compensation", phase: "suspended" } }],
      });
      expect((await host.explain(polls)).pointers[0]?.reason).toHaveProperty("endpoint");
      expect((await plain.explain(polls)).pointers[0]?.reason).toEqual({ kind: "poll", until: expect.any(Date) as Date });
    });

    it("refuses what is no id, and rejects for one that nobody has", async () => {
      const { host: newHost, build, client: newClient } = await open();
      const [host, client, stopped] = [await newHost(), await newClient(), build()];

      for (const each of [host, client]) {
        await expect(each.explain("nobody")).rejects.toBeInstanceOf(WorkflowNotFoundError);
        await expect(each.explain("")).rejects.toBeInstanceOf(WorkflowNotFoundError);
        for (const bad of [undefined, null, 7, {}]) await expect(each.explain(bad as never)).rejects.toBeInstanceOf(TypeError);
      }
      await expect(stopped.explain("nobody")).rejects.toMatchObject({ code: "WFE_HOST_NOT_RUNNING" });
    });
  },
  { prepare: (builder) => builder.useHttpClient(http) },
);

scenarios(
  "an instance whose definition a host does not know",
  (open) => {
    it("is logged once for its definition, with what differs, whatever points at it how often", async () => {
      const { host: newHost, clock, warnings } = await open();
      const old = w().waitFor("go", "k").build("d", 1);
      const changed = w().delay("1h").waitFor("go", "k").build("d", 1);
      const old2 = w().waitFor("go", "k").build("d", 2);
      const first = await newHost(registers(old, old2));
      const ids = [await first.startWorkflow(old, { n: 1 }), await first.startWorkflow(old, { n: 2 }), await first.startWorkflow(old2, { n: 3 })];
      await clock.advance("1s");
      await first.stop();
      const host = await newHost(registers(changed));
      for (let round = 0; round < 3; round += 1) {
        for (const id of ids) {
          expect(await host.suspendWorkflow(id)).toBe(true);
          expect(await host.resumeWorkflow(id)).toBe(true); // which makes this host look at it
        }
        await clock.advance("2m");
      }

      // Of instances that have nothing to do with each other: in any order.
      const versionOf = ({ fields }: LogEntry): number => (fields as { readonly definition: { readonly version: number } }).definition.version; // as below
      const told = warnings.filter(({ message }) => message.includes("left to other hosts")).toSorted((a, b) => versionOf(a) - versionOf(b));

      expect(told.map(({ fields }) => fields)).toEqual([
        {
          definition: {
            id: "d",
            version: 1,
            fingerprint: old.fingerprint,
            problem: "fingerprint",
            here: changed.fingerprint,
            sameGraph: [],
            differences: [{ pointerId: "1", stepId: 0, step: "waitFor go", problem: "otherKind", here: { step: "delay", kind: "delay" } }],
          },
        },
        { definition: { id: "d", version: 2, fingerprint: old2.fingerprint, problem: "version", registered: [1] } },
      ]);
      expect(told[0]?.message).toContain('it stands on step 0 "waitFor go", which is "delay" of the kind delay here');
      expect(warnings).toHaveLength(told.length);
      for (const id of ids) expect(await host.getWorkflow(id)).toMatchObject({ status: "runnable" });
    });
  },
  { sweeping: true },
);
