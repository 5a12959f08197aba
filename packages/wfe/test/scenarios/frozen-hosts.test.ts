import { expect, it } from "vitest";
import { type Clock, ErrorBehavior, type Providers, type StepExecutionContext, WorkflowBuilder, type WorkflowDefinition } from "../../src/index.ts";
import { losingQueue } from "../faults/setting.ts";
import { scenarios } from "./scenario.ts";

interface Trace {
  seen: string[];
}

const trace = (text: string, data: Trace): void => void data.seen.push(text);
const pause = (clock: Clock, ms: number): Promise<void> => new Promise((resolve) => void clock.setTimer(ms, resolve));

/** A process that can be frozen: from then on no call of its host is made or answered, until it thaws. */
class Process {
  #frozen: { readonly thawed: Promise<void>; readonly thaw: () => void } | undefined;

  freeze(): void {
    let thaw = (): void => {};
    const thawed = new Promise<void>((resolve) => (thaw = resolve));
    this.#frozen = { thawed, thaw };
  }

  thaw(): void {
    this.#frozen?.thaw();
    this.#frozen = undefined;
  }

  /** Whatever a test does, its hosts can be stopped after it. */
  [Symbol.dispose](): void {
    this.thaw();
  }

  providers({ persistence, locks, queue }: Providers): Providers {
    return { persistence: this.#within(persistence), locks: this.#within(locks), queue: this.#within(queue) };
  }

  #within<T extends object>(target: T): T {
    return new Proxy(target, {
      get: (object, property) => {
        const member: unknown = Reflect.get(object, property, object);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]): Promise<unknown> => {
          await this.#frozen?.thawed;
          const answer: unknown = await (member as (...all: unknown[]) => unknown).apply(object, args);
          await this.#frozen?.thawed;
          if (Array.isArray(answer)) return answer.map((item: unknown) => this.#handle(item));
          return this.#handle(answer);
        };
      },
    });
  }

  /** A lease or a queue item goes through the process too. */
  #handle(value: unknown): unknown {
    return typeof value === "object" && value !== null && ("release" in value || "ack" in value) ? this.#within(value) : value;
  }
}

interface Run {
  readonly host: string;
  readonly step: string;
  readonly attempt: number;
  readonly key: string;
  /** Why the body was called off, if it was. */
  reason?: unknown;
}

/** Steps of ten seconds, one behind the other, which tell where they run. */
function chain(clock: Clock, host: string, runs: Run[]): WorkflowDefinition<Trace> {
  const step = async (ctx: StepExecutionContext<Trace>): Promise<string> => {
    const run: Run = { host, step: ctx.step.name, attempt: ctx.attempt, key: ctx.idempotencyKey };
    runs.push(run);
    ctx.signal.addEventListener("abort", () => (run.reason = (ctx.signal.reason as { reason?: unknown }).reason));
    await pause(clock, 10_000);
    return `${ctx.step.name} on ${host}`;
  };
  return new WorkflowBuilder<Trace>()
    .thenFn("one", step)
    .output(trace)
    .thenFn("two", step)
    .output(trace)
    .thenFn("three", step)
    .output(trace)
    .build("chain", 1);
}

scenarios("a host that freezes", (open) => {
  it("is replaced when its lease ends: the step it was at runs again, those before it do not, and what it says later is not heard", async () => {
    const { build, host: newHost, store, clock } = await open();
    const runs: Run[] = [];
    using process = new Process();
    const first = build((h) => h.registerWorkflowDefinition(chain(clock, "first", runs)), { lockTtl: "20s" }, process.providers(store.open()));
    await first.start();
    const second = await newHost((h) => h.registerWorkflowDefinition(chain(clock, "second", runs)), { lockTtl: "20s" });
    const id = await first.startWorkflow(chain(clock, "first", runs), { seen: [] });
    await clock.advance("15s"); // in the middle of the second step

    process.freeze();
    const frozenAt = clock.now();
    while (runs.length < 3 && clock.now() < frozenAt + 60_000) await clock.advance("1s");
    const takenOverAfter = clock.now() - frozenAt;
    await clock.advance("5s");
    process.thaw(); // while the second host is at the step
    await clock.advance("1m");

    expect(takenOverAfter).toBeGreaterThan(13_000); // the lease was renewed less than 7 s before
    expect(takenOverAfter).toBeLessThanOrEqual(41_000); // the lease, and another one when the frozen host had the hint

    const key = runs[1]?.key;
    expect(runs).toMatchObject([
      { host: "first", step: "one", attempt: 1 },
      { host: "first", step: "two", attempt: 1, key },
      { host: "second", step: "two", attempt: 2, key },
      { host: "second", step: "three", attempt: 1 },
    ]);
    const ended = await second.getWorkflow(id);
    expect(ended).toMatchObject({ status: "complete", data: { seen: ["one on first", "two on second", "three on second"] } });
    await clock.advance("5m");
    expect(await first.getWorkflow(id)).toEqual(ended);
    expect(await second.getErrors(id)).toEqual([]);
  });

  it("aborts its bodies at the end of its lease by its own clock, without asking anyone", async () => {
    const { build, store, clock } = await open();
    const runs: Run[] = [];
    using process = new Process();
    const definition = new WorkflowBuilder<Trace>()
      .thenFn("long", async (ctx) => {
        const run: Run = { host: "first", step: "long", attempt: ctx.attempt, key: ctx.idempotencyKey };
        runs.push(run);
        ctx.signal.addEventListener("abort", () => (run.reason = (ctx.signal.reason as { reason?: unknown }).reason));
        await pause(clock, 600_000);
      })
      .build("long", 1);
    const host = build((h) => h.registerWorkflowDefinition(definition), { lockTtl: "30s" }, process.providers(store.open()));
    await host.start();
    await host.startWorkflow(definition, { seen: [] });
    await clock.settle();

    process.freeze();
    await clock.advance(29_999);
    expect(runs).toMatchObject([{ attempt: 1 }]);
    expect(runs[0]).not.toHaveProperty("reason");
    await clock.advance(1);

    expect(runs).toMatchObject([{ reason: "leaseLost" }]);
  });

  it("loses none of many instances to those who replace it: each finishes once, and each step that had finished ran once", async () => {
    const { build, host: newHost, store, clock } = await open();
    const runs: Run[] = [];
    using process = new Process();
    const definition = chain(clock, "first", runs);
    const options = { lockTtl: "10s", maxConcurrentWorkflows: 8 } as const;
    const first = build((h) => h.registerWorkflowDefinition(definition), options, process.providers(store.open()));
    await first.start();
    const others = [
      await newHost((h) => h.registerWorkflowDefinition(chain(clock, "second", runs)), options),
      await newHost((h) => h.registerWorkflowDefinition(chain(clock, "third", runs)), options),
    ] as const;
    const ids: string[] = [];
    for (let n = 0; n < 24; n += 1) ids.push((await [first, ...others][n % 3]?.startWorkflow(definition, { seen: [] })) ?? "");
    await clock.advance("15s");

    process.freeze();
    await clock.advance("2m");
    process.thaw();
    await clock.advance("2m");

    const ends = await Promise.all(ids.map((id) => others[0].getWorkflow(id)));
    expect(ends.map(({ status, data }) => [status, (data as Trace).seen.map((text) => text.split(" ")[0])])).toEqual(
      ids.map(() => ["complete", ["one", "two", "three"]]),
    );
    const again = runs.filter(({ attempt }) => attempt > 1);
    expect(again).toHaveLength(8); // what the frozen host was at
    expect(again.every(({ host, step }) => host !== "first" && step === "two")).toBe(true);
    expect(runs).toHaveLength(24 * 3 + 8);
  });

  it("does not undo a command that came while it was frozen", async () => {
    const { build, host: newHost, store, clock } = await open();
    const runs: Run[] = [];
    using process = new Process();
    const definition = chain(clock, "first", runs);
    const first = build((h) => h.registerWorkflowDefinition(definition), { lockTtl: "30s" }, process.providers(store.open()));
    await first.start();
    const other = await newHost();
    const ids = [await first.startWorkflow(definition, { seen: [] }), await first.startWorkflow(definition, { seen: [] })] as const;
    const [terminated, suspended] = ids;
    await clock.advance("5s");

    process.freeze();
    expect(await other.terminateWorkflow(terminated)).toBe(true);
    expect(await other.suspendWorkflow(suspended)).toBe(true);
    await clock.advance("10s"); // the bodies have ended, their results wait for the commit
    process.thaw();
    await clock.advance("1m");

    expect(await other.getWorkflow(terminated)).toMatchObject({ status: "terminated", data: { seen: [] } });
    expect(await other.getWorkflow(suspended)).toMatchObject({ status: "suspended", data: { seen: ["one on first"] } });
    expect(runs.map(({ step }) => step)).toEqual(["one", "one"]);
  });

  it("with every host that takes a step over makes it fail after so many, and only it", async () => {
    const { build, client: newClient, store, clock } = await open();
    const processes: Process[] = [];
    using _all = { [Symbol.dispose]: () => processes.forEach((process) => process.thaw()) };
    const definition = new WorkflowBuilder<Trace>()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("deadly", () => processes.at(-1)?.freeze()).onError(ErrorBehavior.retry({ interval: "1s" })))
          .branch((b) => b.waitFor("never", "k")),
      )
      .build("deadly", 1);
    const client = await newClient();
    const id = await client.startWorkflow(definition, { seen: [] });

    for (let n = 0; n < 5; n += 1) {
      const process = new Process();
      processes.push(process);
      const options = { lockTtl: "5s", maxCrashes: 3 } as const;
      // Not waited for: the step may be taken, and freeze the host, before its first sweep has ended.
      void build((h) => h.registerWorkflowDefinition(definition), options, process.providers(store.open())).start();
      await clock.advance("10s");
    }

    expect(await client.getWorkflow(id)).toMatchObject({ status: "suspended", error: { code: "WFE_STEP_CRASHED" } });
    expect((await client.getHistory(id)).map(({ stepName, status, attempt }) => [stepName, status, attempt])).toEqual([
      ["parallel", "running", 1],
      ["deadly", "failed", 3],
      ["waitFor never", "waitingForEvent", 1],
    ]);
    expect(await client.getErrors(id)).toMatchObject([{ step: "deadly", attempt: 3, code: "WFE_STEP_CRASHED" }]);
  });

  it("is taken over a sweep after the lease has ended, though every hint is lost", async () => {
    const { build, store, clock } = await open();
    const began = clock.now();
    let ranAfterMs = 0;
    const definition = new WorkflowBuilder<Trace>().thenFn("a", () => void (ranAfterMs = clock.now() - began)).build("w", 1);
    const frozen = store.open();
    await frozen.locks.start();
    await frozen.locks.acquireLock("x", { ttl: "40s" });
    const providers = store.open();
    const host = build((h) => h.registerWorkflowDefinition(definition), { lockTtl: "30s" }, { ...providers, queue: losingQueue(providers.queue) });
    await host.start();
    await host.startWorkflow(definition, { seen: [] }, { id: "x" });

    await clock.advance("5m");
    await frozen.locks.stop();

    expect(ranAfterMs).toBeLessThanOrEqual(41_000);
  });
});
