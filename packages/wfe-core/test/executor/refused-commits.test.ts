import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { ConflictError } from "../../src/errors/store-errors.ts";
import { instant, sampleEvent } from "../../src/test-support/fixtures.ts";
import { PassHarness } from "./pass-harness.ts";

interface Data {
  n: number;
  m: number;
  seen: string[];
}

const see = (text: string, data: Data): void => void data.seen.push(text);

/** Forks, jumps, waits with limits, steps that the data cancels, and an end with something still open. */
const definition = new WorkflowBuilder<Data>()
  .recur(
    "10s",
    () => false,
    (b) => b.delay("1h"),
  )
  .parallel((p) =>
    p
      .branch((b) => b.waitFor<string>("ping", "1").output(see))
      .branch((b) =>
        b
          .recur(
            "10s",
            (data) => data.n >= 3,
            (c) => c.thenFn("count", (ctx) => ctx.data.n + 1).saveAs("n"),
          )
          .schedule("5s", (c) => c.thenFn("scheduled", () => "scheduled").output(see))
          .thenFn("beside", () => "beside")
          .output(see),
      )
      .branch((b) =>
        b
          .waitForAny({ a: { event: "never", key: "1" }, b: { event: "nor", key: "1" } }, { timeout: "7s" })
          .onTimeout((c) => c.thenFn("late", () => "late").output(see)),
      )
      .branch((b) =>
        b
          .waitFor("never", "1")
          .cancelWhen((data) => data.n >= 2, { proceed: true })
          .thenFn("instead", () => "instead")
          .output(see),
      )
      .branch((b) =>
        b.recur(
          "1h",
          (data) => data.n >= 2,
          (c) => c.waitFor("never", "1"),
        ),
      )
      .branch((b) =>
        b
          .thenFn("again", (ctx) => ctx.data.m + 1)
          .id("again")
          .saveAs("m")
          .ifDo(
            (data) => data.m < 3,
            (c) => c.schedule("1h", (d) => d.thenFn("left", () => {})).goTo("again"),
          ),
      ),
  )
  .ifDo(
    () => true,
    (b) =>
      b
        .thenFn("last", () => "last")
        .output(see)
        .endWorkflow(),
  )
  .build("w", 1);

async function ping(harness: PassHarness): Promise<void> {
  const event = sampleEvent("ping", { name: "ping", key: "1", data: '"pong"', time: instant() });
  await harness.store.createEvent(event, new Date(harness.clock.now()));
  await harness.store.deliverEvents([event], new Date(harness.clock.now()));
}

/** Runs an instance to its end, and does something before each commit. */
async function play(before: (harness: PassHarness, commit: number) => Promise<void> | void = () => {}) {
  const harness = await PassHarness.start();
  await harness.create(definition, { n: 0, m: 0, seen: [] });
  let commits = 0;
  harness.intercept("persistWorkflow", async (next, change, now) => {
    commits += 1;
    await before(harness, commits);
    return await next(change, now);
  });
  for (let pass = 0; pass < 60; pass += 1) {
    const { status } = await harness.stored();
    if (status === "complete") break;
    if (status === "suspended") await harness.store.command("w", "resume", new Date(harness.clock.now()));
    const end = await harness.run();
    if (end.kind !== "idle" || (await harness.stored()).status !== "runnable") continue;
    const wait = (end.dueAt?.getTime() ?? 0) - harness.clock.now();
    if (wait > 30_000) await ping(harness);
    else await harness.clock.advance(Math.max(0, wait));
  }
  const { status, data, pointers } = await harness.stored();
  const { n, m, seen } = JSON.parse(data) as Data;
  const events = harness.events.flatMap((event) =>
    "step" in event && event.type !== "stepStarted" ? [`${event.type} ${event.step}`] : [event.type],
  );
  return {
    commits,
    end: { status, n, m, seen: seen.toSorted(), pointers: pointers.map((pointer) => `${pointer.stepName ?? ""}: ${pointer.status}`).toSorted() },
    completed: events.filter((type) => type.startsWith("stepCompleted") || type === "completed").toSorted(),
  };
}

describe("a commit that is refused is decided again, and nothing is there twice", () => {
  it.each([
    [
      "control: the instance was suspended and resumed meanwhile",
      async (harness: PassHarness): Promise<void> => {
        await harness.store.command("w", "suspend", new Date(harness.clock.now()));
        await harness.store.command("w", "resume", new Date(harness.clock.now()));
      },
    ],
    [
      "control: the instance was suspended",
      async (harness: PassHarness): Promise<void> => void (await harness.store.command("w", "suspend", new Date(harness.clock.now()))),
    ],
    ["inbox: an event was delivered", ping],
    [
      "revision: another host has it",
      (): never => {
        throw new ConflictError("w", "revision");
      },
    ],
  ] as const)("%s", async (_, disturb) => {
    const undisturbed = await play();
    expect(undisturbed.commits).toBeGreaterThan(8);
    expect(undisturbed.end).toMatchObject({ status: "complete", n: 3, m: 3, seen: ["beside", "instead", "last", "late", "pong", "scheduled"] });

    for (let at = 1; at <= undisturbed.commits; at += 1) {
      const disturbed = await play((harness, commit) => (commit === at ? disturb(harness) : undefined));

      expect([at, disturbed.end]).toEqual([at, undisturbed.end]);
      expect([at, disturbed.completed]).toEqual([at, undisturbed.completed]);
    }
  });
});
