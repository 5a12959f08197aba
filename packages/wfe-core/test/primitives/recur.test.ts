import { describe, expect, it } from "vitest";
import { NonRetryableError } from "../../src/errors/step-errors.ts";
import { recurPrimitive } from "../../src/primitives/recur.ts";
import type { PrimitiveContext } from "../../src/primitives/primitive.ts";
import { type ContextChanges, NOW_MS, primitiveContext } from "./primitive-context.ts";

describe("recur", () => {
  const body = { entry: 1, role: "body" };
  const recur = (changes: ContextChanges = {}, until: () => unknown = () => false): PrimitiveContext =>
    primitiveContext({ kind: "recur", blocks: [body], settings: { intervalMs: 10_000 } }, { ...changes, functions: { until, ...changes.functions } });
  const runsSince = (startMs: number, beganMs = startMs) => ({
    kind: "open",
    entries: [{ block: body }],
    state: { startMs, beganMs, phase: "runs" },
  });

  it("goes on behind itself and runs at once", () => {
    expect(recurPrimitive.enter(recur())).toEqual({ ...runsSince(NOW_MS), forks: true });
  });

  it("does not begin when its condition holds", () => {
    expect(recurPrimitive.enter(recur({}, () => true))).toEqual({ kind: "complete" });
  });

  it("waits for its next start behind a run, from the start of that", () => {
    const state = { startMs: NOW_MS - 4_000, beganMs: NOW_MS - 4_000, phase: "runs" };
    const sleeps = { kind: "sleep", untilMs: NOW_MS + 6_000, state: { startMs: NOW_MS + 6_000, phase: "waits" } };

    expect(recurPrimitive.ended?.(recur({ state }))).toEqual(sleeps);
    expect(recurPrimitive.enter(recur({ state }))).toEqual(sleeps); // its condition had failed behind the run
  });

  it("selects its interval behind each run", () => {
    const state = { startMs: NOW_MS, beganMs: NOW_MS, phase: "runs" };

    expect(recurPrimitive.ended?.(recur({ state, functions: { interval: () => "1m" } }))).toMatchObject({ kind: "sleep", untilMs: NOW_MS + 60_000 });
    expect(() => recurPrimitive.ended?.(recur({ state, functions: { interval: () => -1 } }))).toThrow(NonRetryableError);
    expect(() => recurPrimitive.ended?.(recur({ state, functions: { interval: () => 0 } }))).toThrow(
      new NonRetryableError('the interval of the step "s" must be longer than 0'),
    );
  });

  it("runs at once behind a run that was too long, and counts from there", () => {
    const state = { startMs: NOW_MS - 35_000, beganMs: NOW_MS - 35_000, phase: "runs" };

    expect(recurPrimitive.ended?.(recur({ state }))).toEqual(runsSince(NOW_MS));
  });

  it("counts from a run that began late when others were missed before it, else from its time", () => {
    const missed = { startMs: NOW_MS - 35_000, beganMs: NOW_MS - 1_000, phase: "runs" };
    const late = { startMs: NOW_MS - 9_000, beganMs: NOW_MS - 1_000, phase: "runs" };

    expect(recurPrimitive.ended?.(recur({ state: missed }))).toMatchObject({ kind: "sleep", untilMs: NOW_MS + 9_000 });
    expect(recurPrimitive.ended?.(recur({ state: late }))).toMatchObject({ kind: "sleep", untilMs: NOW_MS + 1_000 });
  });

  it("runs when its time has come, though late, and not before", () => {
    expect(recurPrimitive.due?.(recur({ state: { startMs: NOW_MS, phase: "waits" } }))).toEqual(runsSince(NOW_MS));
    expect(recurPrimitive.due?.(recur({ state: { startMs: NOW_MS - 3, phase: "waits" } }))).toEqual(runsSince(NOW_MS - 3, NOW_MS));
    const state = { startMs: NOW_MS + 1, phase: "waits" };
    expect(recurPrimitive.enter(recur({ state }))).toEqual({ kind: "sleep", untilMs: NOW_MS + 1, state });
  });

  it("ends when its condition holds before a run or behind one", () => {
    const holds = (): boolean => true;

    expect(recurPrimitive.due?.(recur({ state: { startMs: NOW_MS, phase: "waits" } }, holds))).toEqual({ kind: "close" });
    expect(recurPrimitive.ended?.(recur({ state: { startMs: NOW_MS, beganMs: NOW_MS, phase: "runs" } }, holds))).toEqual({ kind: "close" });
  });

  it("fails when its condition gives no boolean", () => {
    expect(() => recurPrimitive.enter(recur({}, () => "yes"))).toThrow(
      new NonRetryableError('the until of the step "s" gave "yes" in place of true or false'),
    );
  });

  it("that has neither block nor interval, which no definition gets past its check, runs once and fails", () => {
    const bare = (state: unknown): PrimitiveContext => primitiveContext({ kind: "recur" }, { state, functions: { until: () => false } });

    expect(recurPrimitive.enter(bare(undefined))).toMatchObject({ entries: [] });
    expect(() => recurPrimitive.ended?.(bare({ startMs: NOW_MS - 1, beganMs: NOW_MS - 1, phase: "runs" }))).toThrow(NonRetryableError);
  });
});
