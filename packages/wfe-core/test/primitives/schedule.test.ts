import { describe, expect, it } from "vitest";
import { NonRetryableError } from "../../src/errors/step-errors.ts";
import { schedulePrimitive } from "../../src/primitives/schedule.ts";
import { NOW_MS, primitiveContext } from "./primitive-context.ts";

describe("schedule", () => {
  const body = { entry: 1, role: "body" };
  const step = { kind: "schedule", blocks: [body], settings: { durationMs: 60_000 } } as const;
  const runs = { kind: "open", entries: [{ block: body }] };

  it("goes on behind itself, and waits until its time, fixed or selected", () => {
    const until = (untilMs: number) => ({ kind: "sleep", untilMs, state: { dueMs: untilMs }, forks: true });

    expect(schedulePrimitive.enter(primitiveContext(step))).toEqual(until(NOW_MS + 60_000));
    expect(schedulePrimitive.enter(primitiveContext(step, { functions: { duration: () => "1h" } }))).toEqual(until(NOW_MS + 3_600_000));
    expect(schedulePrimitive.enter(primitiveContext({ kind: "schedule" }))).toEqual(until(NOW_MS));
    expect(() => schedulePrimitive.enter(primitiveContext(step, { functions: { duration: () => "soon" } }))).toThrow(NonRetryableError);
  });

  it("runs its block at its time, and has ended behind it", () => {
    const due = primitiveContext(step, { state: { dueMs: NOW_MS } });

    expect(schedulePrimitive.due?.(due)).toEqual(runs);
    expect(schedulePrimitive.due?.(primitiveContext({ kind: "schedule" }, { state: { dueMs: NOW_MS } }))).toEqual({ kind: "open", entries: [] });
    expect(schedulePrimitive.ended?.(due)).toEqual({ kind: "close" });
  });

  it("entered again does not go on behind itself again: it runs, or waits for what is left of its time", () => {
    const state = { dueMs: NOW_MS + 7 };

    expect(schedulePrimitive.enter(primitiveContext(step, { state: { dueMs: NOW_MS } }))).toEqual(runs);
    expect(schedulePrimitive.enter(primitiveContext(step, { state }))).toEqual({ kind: "sleep", untilMs: NOW_MS + 7, state });
  });
});
