import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { PersistenceError } from "../../src/errors/store-errors.ts";
import { ErrorBehavior } from "../../src/models/error-behavior.ts";
import { ExecutionResult } from "../../src/models/execution-result.ts";
import { Gate, PassHarness } from "./pass-harness.ts";

interface Data {
  log: string[];
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const unreachable = (): PersistenceError => new PersistenceError("WFE_STORE_UNREACHABLE", "the store is away", { retryable: true });

describe("what is committed, and when", () => {
  it("starts no body before the commit that says so is acknowledged", async () => {
    const harness = await PassHarness.start();
    const ran: string[] = [];
    await harness.create(
      w()
        .thenFn("a", () => void ran.push("a"))
        .build("w", 1),
      { log: [] },
    );
    const asked = new Gate();
    const answer = new Gate();
    harness.intercept("persistWorkflow", async (next, change, now) => {
      asked.open();
      await answer.opened;
      return next(change, now);
    });

    const { end } = await harness.begin();
    await asked.opened;
    await harness.clock.settle();
    expect(ran).toEqual([]);
    answer.open();

    expect(await end).toEqual({ kind: "idle" });
    expect(ran).toEqual(["a"]);
    expect(harness.commits[0]?.pointers).toMatchObject([{ id: "1", status: "running", attempt: 1 }]);
  });

  it("starts no successor before the result of its predecessor is committed", async () => {
    const harness = await PassHarness.start();
    const seen: string[] = [];
    const definition = w()
      .thenFn("a", () => "done")
      .output((_, data) => void data.log.push("a"))
      .thenFn("b", async () => void seen.push((await harness.stored()).data))
      .build("w", 1);
    await harness.create(definition, { log: [] });

    await harness.run();

    expect(seen).toEqual(['{"log":["a"]}']);
  });

  it("writes the end of a step and the start of the next in one commit", async () => {
    const harness = await PassHarness.start();
    const noop = (): void => {};
    await harness.create(w().thenFn("a", noop).thenFn("b", noop).thenFn("c", noop).build("w", 1), { log: [] });

    await harness.run();

    expect(harness.commits.map(({ pointers }) => pointers.map(({ stepName, status }) => `${stepName} ${status}`))).toEqual([
      ["a running"],
      ["a complete", "b running"],
      ["b complete", "c running"],
      ["c complete"],
    ]);
  });

  it("costs no commit for steps of the engine: they ride on those of the steps beside them", async () => {
    const harness = await PassHarness.start();
    const noop = (): void => {};
    const definition = w()
      .thenFn("a", noop)
      .ifDo(
        () => true,
        (b) =>
          b.forEach(
            () => [1],
            (each) => each.thenFn("b", noop),
            { parallel: false },
          ),
      )
      .whileDo(
        () => false,
        (b) => b.thenFn("never", noop),
      )
      .delay(0)
      .thenFn("c", noop)
      .build("w", 1);
    await harness.create(definition, { log: [] });

    await harness.run();

    expect(harness.commits).toHaveLength(4); // start of a, a to b, b to c, c
    expect((await harness.state()).status).toBe("complete");
  });

  it("writes as much for the 200th iteration as for the second (fault 52)", async () => {
    const harness = await PassHarness.start();
    const definition = new WorkflowBuilder<{ n: number }>()
      .whileDo(
        (data) => data.n < 200,
        (b) => b.thenFn("count", (ctx) => ctx.data.n + 1).saveAs("n"),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });

    await harness.run();

    expect((await harness.state()).data).toEqual({ n: 200 });
    expect(harness.commits.length).toBe(201);
    expect(Math.max(...harness.commits.map(({ pointers }) => pointers.length))).toBe(2);
  });

  it("writes the list of a sequential forEach once", async () => {
    const harness = await PassHarness.start();
    const items = [...Array(50).keys()].map((n) => `item ${n}`);
    const definition = w()
      .forEach(
        () => items,
        (b) => b.thenFn("take", (ctx) => ctx.item).output((item, data) => void data.log.push(item)),
        { parallel: false },
      )
      .build("w", 1);
    await harness.create(definition, { log: [] });

    await harness.run();

    expect((await harness.state()).data).toEqual({ log: items });
    expect(harness.commits.filter(({ pointers }) => pointers.some(({ stepName }) => stepName === "forEach"))).toHaveLength(2);
  });

  it("lets results that arrive while a commit is in flight ride on the next one", async () => {
    const harness = await PassHarness.start();
    const gates = [new Gate(), new Gate(), new Gate()];
    const definition = w()
      .forEach(
        () => [0, 1, 2],
        (b) => b.thenFn("wait", (ctx) => gates[ctx.item]?.opened).output((_, data, ctx) => void data.log.push(String(ctx.item))),
      )
      .build("w", 1);
    await harness.create(definition, { log: [] });
    const hold = new Gate();
    harness.intercept("persistWorkflow", async (next, change, now) => {
      if (change.data === '{"log":["0"]}') await hold.opened;
      return next(change, now);
    });

    const { end } = await harness.begin();
    await harness.clock.settle();
    gates[0]?.open();
    await harness.clock.settle();
    gates[1]?.open();
    gates[2]?.open();
    await harness.clock.settle();
    hold.open();
    await end;

    expect(harness.commits.map(({ data }) => data)).toEqual([undefined, '{"log":["0"]}', '{"log":["0","1","2"]}']);
  });

  it("gives its slot back after 100 commits when others wait, and goes on later", async () => {
    const harness = await PassHarness.start();
    const definition = new WorkflowBuilder<{ n: number }>()
      .whileDo(
        (data) => data.n < 150,
        (b) => b.thenFn("count", (ctx) => ctx.data.n + 1).saveAs("n"),
      )
      .build("w", 1);
    await harness.create(definition, { n: 0 });
    harness.contended = true;

    expect(await harness.run()).toEqual({ kind: "yielded" });
    expect(harness.commits.length).toBeLessThanOrEqual(102);
    expect((await harness.stored()).dueAt).toEqual(new Date(0));
    await harness.run();

    expect((await harness.state()).data).toEqual({ n: 150 });
  });

  it("gives its slot back after a second when others wait", async () => {
    const harness = await PassHarness.start();
    const first = new Gate();
    await harness.create(
      w()
        .thenFn("slow", () => first.opened)
        .thenFn("next", () => {})
        .thenFn("last", () => {})
        .build("w", 1),
      { log: [] },
    );
    harness.contended = true;

    const { end } = await harness.begin();
    await harness.clock.advance(1_001);
    first.open();

    expect(await end).toEqual({ kind: "yielded" });
    expect((await harness.state()).pointers).toEqual(["slow: complete", "next: complete", "last: pending"]);
  });
});

describe("a store that fails", () => {
  it("gets the same commit again when its answer was lost, and the step is not run again", async () => {
    const harness = await PassHarness.start();
    let runs = 0;
    await harness.create(
      w()
        .thenFn("a", () => void (runs += 1))
        .thenFn("b", () => {})
        .build("w", 1),
      { log: [] },
    );
    const sent: string[] = [];
    harness.intercept("persistWorkflow", async (next, change, now) => {
      const result = await next(change, now);
      sent.push(change.commitId);
      if (sent.length % 2 === 1) throw unreachable(); // it has happened, and nobody is told
      return result;
    });

    const { end } = await harness.begin();
    await harness.clock.advance(1_000);

    expect(await end).toEqual({ kind: "idle" });
    expect(runs).toBe(1);
    expect(sent).toHaveLength(6);
    expect(new Set(sent).size).toBe(3);
    expect(await harness.state()).toMatchObject({ status: "complete", pointers: ["a: complete", "b: complete"] });
    expect((await harness.stored()).revision).toBe(3);
  });

  it("keeps the result and commits it when the store is back before the lease has ended (fault 5)", async () => {
    const harness = await PassHarness.start();
    let runs = 0;
    let away = false;
    const definition = w()
      .thenFn("a", () => {
        runs += 1;
        away = true;
      })
      .build("w", 1);
    await harness.create(definition, { log: [] });
    harness.intercept("persistWorkflow", (next, change, now) => (away ? Promise.reject(unreachable()) : next(change, now)));

    const { end } = await harness.begin();
    await harness.clock.advance(20_000);
    away = false;
    await harness.clock.advance(2_000);

    expect(await end).toEqual({ kind: "idle" });
    expect(runs).toBe(1);
    expect((await harness.state()).status).toBe("complete");
    expect(harness.warnings.length).toBeGreaterThan(3);
  });

  it("is given up at the instant the lease ends, and the next owner runs the step again", async () => {
    const harness = await PassHarness.start();
    const attempts: number[] = [];
    let away = false;
    const definition = w()
      .thenFn("a", (ctx) => {
        attempts.push(ctx.attempt);
        away = attempts.length === 1;
      })
      .build("w", 1);
    await harness.create(definition, { log: [] });
    harness.intercept("persistWorkflow", (next, change, now) => (away ? Promise.reject(unreachable()) : next(change, now)));

    const { end } = await harness.begin();
    await harness.clock.advance(29_999);
    const stillTrying = harness.warnings.length;
    await harness.clock.advance(1);
    expect(await end).toEqual({ kind: "lost" });
    await harness.clock.advance(60_000);
    expect(harness.warnings.length).toBe(stillTrying);
    away = false;
    await harness.run();

    expect(attempts).toEqual([1, 2]);
    expect((await harness.state()).status).toBe("complete");
  });

  it("ends the pass when trying again is useless, and leaves the instance as it was", async () => {
    const harness = await PassHarness.start();
    const gone = new PersistenceError("WFE_STORE_CORRUPT", "the file is no database");
    await harness.create(
      w()
        .thenFn("a", () => {})
        .build("w", 1),
      { log: [] },
    );
    harness.intercept("persistWorkflow", () => Promise.reject(gone));

    expect(await harness.run()).toEqual({ kind: "failed", error: gone });
    expect(await harness.state()).toMatchObject({ status: "runnable", pointers: ["a: pending"] });
  });

  it("ends the pass when the instance cannot be loaded", async () => {
    const harness = await PassHarness.start();
    const gone = new PersistenceError("WFE_STORE_CORRUPT", "the file is no database");
    await harness.create(
      w()
        .thenFn("a", () => {})
        .build("w", 1),
      { log: [] },
    );
    harness.intercept("loadForPass", () => Promise.reject(gone));

    expect(await harness.run()).toEqual({ kind: "failed", error: gone });
  });
});

describe("a failed attempt", () => {
  it("is recorded by the very commit that follows from it, or not at all (fault 16)", async () => {
    const harness = await PassHarness.start();
    const gone = new PersistenceError("WFE_STORE_CORRUPT", "the file is no database");
    let sound = false;
    const definition = w()
      .thenFn("a", () => Promise.reject(new Error("declined")))
      .onError(ErrorBehavior.suspend())
      .build("w", 1);
    await harness.create(definition, { log: [] });
    harness.intercept("persistWorkflow", (next, change, now) => (change.errors.length > 0 && !sound ? Promise.reject(gone) : next(change, now)));

    const { end, lease } = await harness.begin();
    expect(await end).toEqual({ kind: "failed", error: gone });
    await lease.release();
    expect(await harness.store.getErrors("w")).toEqual([]);
    expect(await harness.state()).toMatchObject({ status: "runnable", pointers: ["a: running"] });
    sound = true;
    await harness.run();

    expect(await harness.store.getErrors("w")).toMatchObject([{ step: "a", attempt: 2, message: "declined" }]);
    expect(await harness.state()).toMatchObject({ status: "suspended", pointers: ["a: failed"] });
  });

  it("does not take the results of its siblings with it (fault 11)", async () => {
    const harness = await PassHarness.start();
    const failed = new Gate();
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) =>
            b
              .thenFn("good", async () => {
                await failed.opened;
                return "good";
              })
              .output((text, data) => void data.log.push(text)),
          )
          .branch((b) =>
            b
              .thenFn("first", () => {})
              .thenFn("bad", () => {})
              .when(() => {
                failed.open();
                throw new Error("no such field");
              })
              .onError(ErrorBehavior.suspend()),
          ),
      )
      .build("w", 1);
    await harness.create(definition, { log: [] });

    await harness.run();

    expect(await harness.state()).toEqual({
      status: "suspended",
      data: { log: ["good"] },
      pointers: ["parallel: running", "good: complete", "first: complete", "bad: failed"],
    });
    expect(await harness.store.getErrors("w")).toMatchObject([{ step: "bad", attempt: 1, message: "no such field" }]);
  });

  it("starts nothing by the very commit that suspends the instance, and loses nothing: resume starts it", async () => {
    const harness = await PassHarness.start();
    const ran: string[] = [];
    let broken = true;
    const definition = w()
      .parallel((p) =>
        p
          .branch((b) => b.thenFn("good", () => void ran.push("good")))
          .branch((b) =>
            b
              .thenFn("bad", () => void ran.push("bad"))
              .when(() => {
                if (broken) throw new Error("no such field");
                return true;
              })
              .onError(ErrorBehavior.suspend()),
          ),
      )
      .build("w", 1);
    await harness.create(definition, { log: [] });
    await harness.run();
    expect([await harness.state(), ran]).toMatchObject([
      { status: "suspended", pointers: ["parallel: running", "good: pending", "bad: failed"] },
      [],
    ]);

    broken = false;
    await harness.store.command("w", "resume", new Date(harness.clock.now()));
    await harness.run();

    expect([(await harness.state()).status, ran.toSorted()]).toEqual(["complete", ["bad", "good"]]);
  });

  it("is followed by no step of its pass after a suspend or a terminate (fault 38)", async () => {
    const harness = await PassHarness.start({ maxConcurrentSteps: 1 });
    const ran: number[] = [];
    const definition = w()
      .forEach(
        () => [0, 1, 2],
        (b) =>
          b.thenFn("x", (ctx) => {
            ran.push(ctx.item);
            throw new Error("no");
          }),
      )
      .onError(ErrorBehavior.terminate())
      .build("w", 1);
    await harness.create(definition, { log: [] });

    await harness.run();

    expect(ran).toEqual([0]);
    expect(await harness.state()).toMatchObject({
      status: "terminated",
      pointers: ["forEach: cancelled", "x: failed", "x: cancelled", "x: cancelled"],
    });
  });
});

describe("limits of an instance", () => {
  it("fails the step whose output takes the data beyond its limit, and keeps those of its siblings", async () => {
    const harness = await PassHarness.start({}, { data: 200 });
    const gate = new Gate();
    const definition = w()
      .forEach(
        () => ["small", "x".repeat(300)],
        (b) =>
          b
            .thenFn("grow", () => gate.opened)
            .output((_, data, ctx) => void data.log.push(ctx.item))
            .onError(ErrorBehavior.suspend()),
      )
      .build("w", 1);
    await harness.create(definition, { log: [] });

    const { end } = await harness.begin();
    await harness.clock.settle();
    gate.open(); // both results come at once: the commit of both is too large
    await end;

    const { data, status } = await harness.state();
    expect({ data, status }).toEqual({ data: { log: ["small"] }, status: "suspended" });
    expect(await harness.store.getErrors("w")).toMatchObject([{ step: "grow", code: "WFE_PAYLOAD_TOO_LARGE", attempt: 1 }]);
  });

  it("fails a step that would open more pointers than allowed, with nothing half-open", async () => {
    const harness = await PassHarness.start({ maxOpenPointers: 10 });
    const definition = w()
      .forEach(
        () => [...Array(20).keys()],
        (b) => b.thenFn("x", () => {}),
      )
      .build("w", 1);
    await harness.create(definition, { log: [] });

    await harness.run();

    expect(await harness.state()).toMatchObject({ status: "suspended", pointers: ["forEach: failed"] });
    expect(await harness.store.getErrors("w")).toMatchObject([{ code: "WFE_POINTERS_TOO_MANY" }]);
  });

  it("runs no more bodies of one instance than allowed", async () => {
    const harness = await PassHarness.start({ maxConcurrentSteps: 3 });
    let running = 0;
    let most = 0;
    const gates = [...Array(9).keys()].map(() => new Gate());
    const definition = w()
      .forEach(
        () => [...Array(9).keys()],
        (b) =>
          b.thenFn("x", async (ctx) => {
            running += 1;
            most = Math.max(most, running);
            await gates[ctx.item]?.opened;
            running -= 1;
          }),
      )
      .build("w", 1);
    await harness.create(definition, { log: [] });

    const { end } = await harness.begin();
    for (const gate of gates) {
      await harness.clock.settle();
      expect(running).toBeLessThanOrEqual(3);
      gate.open();
    }
    await end;

    expect(most).toBe(3);
  });

  it("gives a run the same idempotency key over retries and take-overs, and another one after each result", async () => {
    const harness = await PassHarness.start();
    const keys: string[] = [];
    const definition = w()
      .thenFn("a", (ctx) => {
        keys.push(ctx.idempotencyKey);
        if (ctx.attempt === 1) throw new Error("once");
        return ctx.attempt === 2 ? ExecutionResult.persist({ page: 2 }) : ExecutionResult.next();
      })
      .onError(ErrorBehavior.retry({ interval: 0 }))
      .build("w", 1);
    await harness.create(definition, { log: [] });

    await harness.run();

    expect(keys).toHaveLength(3);
    expect(keys[0]).toBe(keys[1]);
    expect(keys[2]).not.toBe(keys[1]);
  });
});
