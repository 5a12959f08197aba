import { describe, expect, it } from "vitest";
import { WorkflowBuilder } from "../../src/builder/workflow-builder.ts";
import { NonRetryableError, TimeoutError } from "../../src/errors/step-errors.ts";
import { PayloadTooLargeError } from "../../src/errors/value-errors.ts";
import { contextOf } from "../../src/executor/pass-scope.ts";
import { applyPoll, beginPoll, isPolling, runPoll, withoutPoll } from "../../src/executor/poll.ts";
import type { PointerRow } from "../../src/models/pointer-row.ts";
import type { PollEndpointConfig, StoredPollConfig } from "../../src/models/poll-endpoint.ts";
import { Payloads } from "../../src/runtime/payloads.ts";
import { pollRules } from "../../src/runtime/poll-rules.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import type { AnyDefinition } from "../../src/traits/workflow-registry.ts";
import { runningPointer, scopeOf, stepOf } from "./scope-of.ts";

interface Data {
  state: string;
}
const w = (): WorkflowBuilder<Data> => new WorkflowBuilder<Data>();
const config: PollEndpointConfig = { url: "https://jobs.test/1", interval: "10s", timeout: "1m", until: { path: "state", equals: "done" } };
const stored = { ...config, interval: 10_000, timeout: 60_000 } as StoredPollConfig;

/** A pass over an instance whose first step polls an endpoint that is in a state. */
function polls(definition: AnyDefinition, state = "new", payloads = new Payloads()) {
  const fetch = () => Promise.resolve(Response.json({ state }));
  const services = { payloads, polls: { ...pollRules({ allow: ["https://jobs.test"] }), fetch, clock: new VirtualClock() } };
  const scope = scopeOf(definition, { data: { state: "" }, services });
  const step = stepOf(definition);
  const nowMs = scope.clock.now();
  const run = (pointer: PointerRow = runningPointer()) => runPoll(scope, step, pointer, contextOf(scope, step, pointer));
  const apply = (result: Parameters<typeof applyPoll>[3], pointer: PointerRow = runningPointer()) => {
    applyPoll(scope, step, pointer, result);
    return scope.state.changedPointers();
  };
  return { scope, step, nowMs, run, apply };
}

/** A pointer in the middle of a poll that ends so many milliseconds from an instant. */
const polling = (deadlineMs: number, changes: Partial<PointerRow> = {}): PointerRow =>
  runningPointer({ eventName: "wfe.poll", eventKey: JSON.stringify({ config: stored, deadlineMs }), ...changes });

const alone = w()
  .pollEndpoint(config)
  .output(({ status }, data) => void (data.state = String(status)))
  .build("w", 1);
const limited = w()
  .pollEndpoint(() => config)
  .onTimeout((b) => b.thenFn("late", () => {}))
  .build("w", 1);

describe("a request of a poll", () => {
  it("that is answered ends it", async () => {
    const { run } = polls(alone, "done");

    expect(await run()).toEqual({ kind: "polled", answer: { status: 200, body: { state: "done" } } });
  });

  it("is made again after its interval, the last one at the deadline, which the first has set", async () => {
    const first = polls(limited);
    const later = polls(alone);

    expect(await first.run()).toEqual({
      kind: "pollAgain",
      polling: { config: stored, deadlineMs: first.nowMs + 60_000 },
      dueMs: first.nowMs + 10_000,
    });
    expect(await later.run(polling(later.nowMs + 7))).toMatchObject({ kind: "pollAgain", dueMs: later.nowMs + 7 });
  });

  it("that was the last leads into the block behind it, or fails", async () => {
    const joins = polls(limited);
    const fails = polls(alone);

    const problem = "https://jobs.test/1 answered with the status 200, and its body is not what is awaited";
    expect(await joins.run(polling(joins.nowMs))).toEqual({ kind: "pollTimedOut" });
    await expect(fails.run(polling(fails.nowMs))).rejects.toEqual(
      new TimeoutError(`the poll of the step "pollEndpoint" (${problem})`, 60_000, { retryable: false }),
    );
  });

  it("is not made for a config that is none", async () => {
    const bad = w()
      .pollEndpoint(() => ({ ...config, interval: 0 }))
      .build("w", 1);

    await expect(polls(bad).run()).rejects.toThrow(new NonRetryableError("interval of pollEndpoint must be longer than 0"));
  });
});

describe("what a request came to", () => {
  it("keeps the poll with a pointer that sleeps, and forgets crashes", () => {
    const { apply, nowMs } = polls(alone);
    const row = { config: stored, deadlineMs: nowMs + 60_000 };

    expect(apply({ kind: "pollAgain", polling: row, dueMs: nowMs + 10 }, runningPointer({ crashCount: 2 }))).toEqual([
      runningPointer({ status: "sleeping", dueAt: new Date(nowMs + 10), eventName: "wfe.poll", eventKey: JSON.stringify(row) }),
    ]);
  });

  it("finishes its step with the answer, or with the end of its time", () => {
    const answered = polls(alone);
    const late = polls(limited);

    expect(answered.apply({ kind: "polled", answer: { status: 201, body: null } }, polling(1))).toMatchObject([{ status: "complete" }]);
    expect(answered.scope.state.data).toEqual({ state: "201" });
    expect(late.apply({ kind: "pollTimedOut" }, polling(1)).map(({ stepName, status }) => [stepName, status])).toEqual([
      [undefined, "complete"],
      ["pollEndpoint: timeout", "pending"],
    ]);
    for (const { scope } of [answered, late]) expect(scope.state.changedPointers().some(isPolling)).toBe(false);
  });

  it("wakes a step that has asked for it, which runs with the answer, and all its retries", () => {
    const asks = w()
      .thenFn("asks", () => {})
      .build("w", 1);
    const { apply } = polls(asks);
    const asked = polling(1, { retryCount: 2, crashCount: 1, resultCount: 1, persistenceData: "1" });

    expect(apply({ kind: "polled", answer: { status: 200, body: null } }, asked)).toEqual([
      runningPointer({ status: "pending", resultCount: 2, persistenceData: "1", eventData: '{"status":200,"body":null}' }),
    ]);
  });

  it("is refused when it is too large for a step", () => {
    const asks = w()
      .thenFn("asks", () => {})
      .build("w", 1);
    const { apply } = polls(asks, "new", new Payloads({ limits: { data: 30 } }));

    expect(() => apply({ kind: "polled", answer: { status: 200, body: "x".repeat(30) } })).toThrow(PayloadTooLargeError);
  });
});

describe("a poll that a step asks for", () => {
  it("begins at once, with its deadline", () => {
    const { scope, nowMs } = polls(alone);

    beginPoll(scope, runningPointer({ resultCount: 1 }), config);

    expect(scope.state.changedPointers()).toEqual([polling(nowMs + 60_000, { status: "pending", resultCount: 1 })]);
  });

  it("is refused with a config that is none", () => {
    const { scope } = polls(alone);

    expect(() => beginPoll(scope, runningPointer(), {} as PollEndpointConfig)).toThrow(NonRetryableError);
    expect(scope.state.changedPointers()).toEqual([]);
  });

  it("is taken from a pointer that polls, and from no other", () => {
    const waits = runningPointer({ eventName: "paid", eventKey: "1" });

    expect([isPolling(polling(1)), withoutPoll(polling(1))]).toEqual([true, runningPointer()]);
    expect([isPolling(waits), withoutPoll(waits)]).toEqual([false, waits]);
  });
});
