import { expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { PersistenceError } from "../../src/errors/store-errors.ts";
import { VirtualEntropy } from "../../src/test-support/virtual-entropy.ts";
import { PassHarness, type RunningPass } from "./pass-harness.ts";
import { type Data, entries, misplaced } from "./random-parts.ts";
import { RandomWorkflow } from "./random-workflow.ts";

const SEEDS = 150;

const unreachable = (): PersistenceError => new PersistenceError("WFE_STORE_UNREACHABLE", "the store is away", { retryable: true });
const sorted = (texts: readonly string[]): readonly string[] => texts.toSorted((a, b) => (a < b ? -1 : 1));

/** Runs one random workflow to its end; all that is chance comes from the seed. One of four seeds has no faults. @returns What is to be compared. */
async function simulate(seed: number): Promise<object> {
  const entropy = new VirtualEntropy(7_919 * seed + 1);
  const random = (below: number): number => Math.floor(entropy.random() * below);
  const isFaulty = seed % 4 !== 0;
  const harness = await PassHarness.start({ maxCrashes: 100_000, maxConcurrentSteps: 1 + random(4) });
  const { clock, store } = harness;
  const workflow = new RandomWorkflow(harness, random);
  await harness.create(workflow.root.add(new WorkflowBuilder<Data>()).build("w", 1), { log: [] });
  const pause = (): Promise<void> => new Promise((resolve) => void clock.setTimer(random(300), resolve));
  harness.intercept("persistWorkflow", async (next, change, now) => {
    const fault = isFaulty ? random(16) : undefined;
    if (fault === 0) throw unreachable();
    if (fault === 1) await pause();
    const result = await next(change, now);
    if (change.data !== undefined) for (const entry of (JSON.parse(change.data) as Data).log) workflow.committed.add(entry);
    if (fault === 2) await pause();
    if (fault === 3) throw unreachable(); // it was done, and nobody knows
    return result;
  });

  let current: RunningPass | undefined;
  const begin = async (): Promise<void> => {
    const ttl = !isFaulty ? 1_000_000 : random(3) === 0 ? 100 + random(600) : 5_000;
    const began = await harness.begin("w", ttl).catch(() => undefined); // a lost lease is held until it ends
    current = began;
    void began?.end.then(async (end) => {
      if (end.kind === "failed") workflow.problems.push(`a pass has failed: ${String(end.error)}`);
      await began.lease.release();
      if (current === began) current = undefined;
    });
  };
  const now = (): Date => new Date(clock.now());
  const command = async (kind: "suspend" | "resume"): Promise<void> => {
    if ((await store.command("w", kind, now())) === true && random(2) === 0) current?.pass.poke(); // or the next commit is refused
  };
  const events = [...workflow.root.events("")];
  const deliver = async (): Promise<void> => {
    const [key] = events.splice(random(events.length), 1);
    if (key === undefined) return;
    await store.createEvent({ id: key, name: "go", key, data: "1", time: now() }, now());
    await store.deliverEvents([{ name: "go", key }], now());
    current?.pass.poke();
  };
  const happenings = [
    () => command("suspend"),
    () => current?.pass.drain(),
    () => current?.pass.abort(),
    () => current?.pass.poke(),
    async () => {
      for (const signals of await store.readSignals(["w"])) current?.pass.signals(signals);
    },
  ];

  for (let turn = 0; turn < 3_000; turn += 1) {
    const { status } = await harness.stored();
    if (status === "complete" && current === undefined) break;
    if (status === "suspended" && random(3) === 0) await command("resume");
    if (status === "runnable" && current === undefined) await begin();
    harness.contended = random(2) === 0;
    if (isFaulty) await happenings[random(4 * happenings.length)]?.();
    if (random(4) === 0) await deliver();
    await clock.advance(random(5) === 0 ? 0 : random(120));
  }
  await clock.advance("10m"); // leases, and bodies that were called off

  const { status, data, pointers } = await harness.stored();
  const { log } = JSON.parse(data) as Data;
  return {
    seed,
    status,
    log: sorted(log),
    expected: sorted(entries(workflow.root.trace(""))),
    misplaced: misplaced(workflow.root.trace(""), log),
    problems: workflow.problems,
    open: pointers.filter(({ status: of }) => !["complete", "skipped", "compensated", "cancelled"].includes(of)),
    timers: clock.pendingTimers,
  };
}

it("runs every step of any workflow once and in order, whatever fails, stops or is commanded in the middle", { timeout: 60_000 }, async () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const end = await simulate(seed);

    const { expected } = end as { readonly expected: readonly string[] };
    expect(end).toEqual({ seed, status: "complete", log: expected, expected, misplaced: [], problems: [], open: [], timers: 0 });
  }
});
