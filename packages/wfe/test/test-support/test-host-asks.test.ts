import { AssertionError } from "node:assert";
import { describe, expect, it } from "vitest";
import { defineEvent, ErrorBehavior, ExecutionResult, WorkflowBuilder } from "../../src/index.ts";
import { createTestHost } from "../../src/test-support/index.ts";

const paid = defineEvent<{ readonly cents: number }>("paid");

const booking = new WorkflowBuilder<{ flight?: string; hotel?: string }>()
  .saga((b) =>
    b
      .thenFn("flight", () => "F1")
      .saveAs("flight")
      .compensateWithFn("cancel flight", () => {
        throw new Error("not in a test");
      })
      .thenFn("hotel", () => "H1")
      .saveAs("hotel"),
  )
  .build("booking", 1);

const waiting = new WorkflowBuilder<{ readonly key: string }>()
  .thenFn("ask", () => {})
  .waitFor(paid, (data) => data.key)
  .thenFn("thank", () => {})
  .build("waiting", 1);

async function failureOf(promise: Promise<unknown>): Promise<AssertionError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof AssertionError) return error;
    throw error;
  }
  throw new Error("it has not failed");
}

describe("the mocks of a test host", () => {
  it("fail a step, and run in place of a compensator", async () => {
    await using host = await createTestHost({ definitions: [booking] });
    host.mockStep("hotel", () => {
      throw new Error("no room");
    });
    const cancel = host.mockStep("cancel flight", () => {});

    const id = await host.startWorkflow(booking, {});
    const { status } = await host.runToEnd(id);

    expect(status).toBe("complete"); // a saga that was undone is over
    expect(cancel.calls.map(({ compensates }) => compensates?.error.message)).toEqual(["no room"]);
    await host.assertSteps(id, { flight: "compensated", "cancel flight": "complete" });
  });

  it("give any result, and are told what the run was about", async () => {
    await using host = await createTestHost({ definitions: [waiting] });
    const ask = host.mockStep("ask", (ctx) => (ctx.persistenceData === undefined ? ExecutionResult.sleep("1h", { asked: true }) : undefined));

    const id = await host.startWorkflow(waiting, { key: "k" });
    await host.advance("1h");

    expect(ask.calls.map(({ data, persistenceData }) => [data, persistenceData])).toEqual([
      [{ key: "k" }, undefined],
      [{ key: "k" }, { asked: true }],
    ]);
    await host.assertSteps(id, { ask: "complete" });
  });

  it("may be asynchronous", async () => {
    await using host = await createTestHost({ definitions: [booking] });
    host.mockStep("hotel", async () => {
      await Promise.resolve();
      return "H2";
    });

    expect(await host.runWorkflow(booking, {})).toEqual({ flight: "F1", hotel: "H2" });
  });

  it("end when they are restored, the latest alone", async () => {
    await using host = await createTestHost({ definitions: [booking] });
    const first = host.mockStep("hotel", () => "first");
    const second = host.mockStep("hotel", () => "second");
    first.restore(); // it is none any more

    expect(await host.runWorkflow(booking, {})).toMatchObject({ hotel: "second" });
    second.restore();
    expect(await host.runWorkflow(booking, {})).toMatchObject({ hotel: "H1" });
    expect(first.calls).toEqual([]);
    expect(second.calls).toHaveLength(1);
  });

  it("are refused for what is no step with a body", async () => {
    await using host = await createTestHost({ definitions: [waiting] });

    expect(() => host.mockStep("aks", () => {})).toThrow('no step "aks" has a body to mock: those that have are "ask", "thank"');
    await expect(createTestHost({ definitions: [waiting], mocks: { nothing: () => {} } })).rejects.toThrow('no step "nothing"');
  });
});

describe("the assertions of a test host", () => {
  it("show all steps when some stand otherwise", async () => {
    await using host = await createTestHost({ definitions: [waiting] });
    const id = await host.startWorkflow(waiting, { key: "k" });
    await host.runUntilIdle();

    const error = await failureOf(host.assertSteps(id, { ask: "complete", thank: "complete" }));

    expect(error.message).toMatch(
      /^the steps of the workflow \S+ stand otherwise:\n- "thank" is not begun, not complete\nall its steps:\n- 1 "ask" complete, attempt 1\n/,
    );
    expect(error.actual).toEqual({ ask: "complete", thank: [] });
    expect(error.expected).toEqual({ ask: "complete", thank: "complete" });
  });

  it("compare each place of a step that was begun more than once", async () => {
    const loop = new WorkflowBuilder<{ readonly items: readonly number[] }>()
      .forEach(
        (data) => data.items,
        (b) => b.thenFn("each", () => {}),
      )
      .build("loop", 1);
    await using host = await createTestHost({ definitions: [loop] });
    const id = await host.startWorkflow(loop, { items: [1, 2] });
    await host.runToEnd(id);

    await host.assertSteps(id, { each: ["complete", "complete"] });
    expect((await failureOf(host.assertSteps(id, { each: "complete" }))).message).toContain('"each" is [complete, complete], not complete');
    expect((await failureOf(host.assertSteps(id, { each: ["complete"] }))).message).toContain('"each" is [complete, complete], not [complete]');
  });

  it("take a list of one, too", async () => {
    await using host = await createTestHost({ definitions: [waiting] });
    const id = await host.startWorkflow(waiting, { key: "k" });
    await host.runUntilIdle();

    await host.assertSteps(id, { ask: ["complete"], thank: [] });
  });

  it("say why a workflow has another status", async () => {
    await using host = await createTestHost({ definitions: [waiting] });
    const id = await host.startWorkflow(waiting, { key: "k" });
    await host.runUntilIdle();

    const error = await failureOf(host.assertStatus(id, "complete"));

    expect(error.message).toContain('waits for the event "paid" with the key "k"');
    expect([error.actual, error.expected]).toEqual(["runnable", "complete"]);
  });

  it("say what workflows wait for when nobody waits for an event", async () => {
    await using host = await createTestHost({ definitions: [waiting] });
    await host.startWorkflow(waiting, { key: "k" });

    await host.waitForSubscription(paid, "k");
    const error = await failureOf(host.waitForSubscription("paid", "another"));

    expect(error.message).toMatch(/^there is no subscription for the event "paid" with the key "another"\nwaiting-1 /);
  });

  it("say what a workflow waits for that does not end", async () => {
    await using host = await createTestHost({ definitions: [waiting] });
    const id = await host.startWorkflow(waiting, { key: "k" });

    const error = await failureOf(host.runToEnd(id, { within: "30d" }));

    expect(error.message).toMatch(/^the workflow has not ended by 2026-01-31T00:00:00.000Z, nor is there anything left to do until then:\n/);
    expect(error.message).toContain('waits for the event "paid"');
  });

  it("run to the end by id and by name, and tell of a suspension", async () => {
    const fails = new WorkflowBuilder()
      .thenFn("fail", () => {
        throw new Error("broken");
      })
      .onError(ErrorBehavior.suspend())
      .build("fails", 1);
    await using host = await createTestHost({ definitions: [waiting, fails] });
    await host.startWorkflow(waiting, { key: "k" }, { name: "mine" });
    await host.publishEvent(paid, "k", { cents: 5 });

    expect((await host.runToEnd("mine")).status).toBe("complete");
    await expect(host.runToEnd(await host.startWorkflow(fails, {}))).rejects.toMatchObject({ code: "WFE_WORKFLOW_SUSPENDED" });
    await expect(host.runToEnd("nobody")).rejects.toMatchObject({ code: "WFE_WORKFLOW_NOT_FOUND" });
  });
});

describe("the log of a test host", () => {
  it("has what steps have written, and warnings", async () => {
    const logs = new WorkflowBuilder().thenFn("log", (ctx) => ctx.log.info("hello")).build("logs", 1);
    await using host = await createTestHost({ definitions: [logs] });

    await host.runWorkflow(logs, {});

    expect(host.logged.map(({ level, message }) => [level, message])).toEqual([["info", "hello"]]);
  });
});
