import { describe, expect, it } from "vitest";
import type { StepExecutionContext } from "../../src/index.ts";
import { HintLedger } from "../../src/test-support/simulation/hint-ledger.ts";
import { LeaseLedger } from "../../src/test-support/simulation/lease-ledger.ts";
import { ResultLedger } from "../../src/test-support/simulation/result-ledger.ts";
import { SimulatedProcess } from "../../src/test-support/simulation/simulated-process.ts";
import { Violations } from "../../src/test-support/simulation/violations.ts";

/** A host, the ledgers, what they have found, and a clock that the test sets. */
function setting() {
  const time = { nowMs: 0 };
  const violations = new Violations(() => ({ nowMs: time.nowMs, picks: 0 }));
  const leases = new LeaseLedger(violations);
  const results = new ResultLedger(violations, leases, () => time.nowMs);
  const found = (): readonly string[] => violations.found.map(({ message }) => message);
  return { time, leases, results, hints: new HintLedger(violations), host: new SimulatedProcess("h1"), found };
}

describe("a hint that a host acks", () => {
  it("for which it has taken the lease keeps it about the instance until that is heard, whatever else it acks meanwhile", () => {
    const { hints, host, found } = setting();
    hints.set(host, "a", "lease", "holds");
    const own = hints.acked(host, "a");
    hints.works(host, "a");
    hints.set(host, "a", "lease", undefined);

    hints.acked(host, "a")();
    hints.acked(host, "a");
    expect(found()).toEqual([]);
    own();
    hints.acked(host, "a");

    expect(found()).toEqual(["h1 acks a hint for a, of which it neither has the lease nor has asked for it"]);
  });

  it("while it works at the instance keeps it for no longer than that", () => {
    const { hints, host, found } = setting();
    hints.set(host, "a", "lease", "holds");
    hints.works(host, "a");
    hints.acked(host, "a");
    hints.set(host, "a", "lease", undefined);

    hints.acked(host, "a");

    expect(found()).toHaveLength(1);
  });
});

describe("a result that a host has heard", () => {
  const ctx = {
    workflow: { id: "a" },
    pointer: { id: "1" },
    attempt: 1,
    idempotencyKey: "a/1/0",
    signal: new AbortController().signal,
  } as Partial<StepExecutionContext> as StepExecutionContext; // nothing else of it is used
  const again = ["the body starts although h1 has its result, and has lost nothing"];

  it("is lost with the lease under which its body has run, though its host was given another one meanwhile, and has given it back", () => {
    const { time, leases, results, host, found } = setting();
    leases.given(host, "a", "first", 5_000, 0);
    results.begins(host, ctx);
    time.nowMs = 6_000;
    leases.given(host, "a", "of a repeated start", 11_000, 6_000);
    results.heard(host, ctx);
    leases.released("of a repeated start", 6_000);

    results.starts(ctx, "the body starts");

    expect(found()).toEqual([]);
  });

  it("is not lost with a lease that was given back, nor with one that was given behind it", () => {
    const { time, leases, results, host, found } = setting();
    leases.given(host, "a", "first", 5_000, 0);
    results.begins(host, ctx);
    results.heard(host, ctx);
    leases.released("first", 0);
    leases.given(host, "a", "second", 5_000, 0);
    time.nowMs = 6_000;

    results.starts(ctx, "the body starts");

    expect(found()).toEqual(again);
  });

  it.each([
    ["is lost by one whose time to stop is over and which does not reach the store", 1_000, 1_000, []],
    ["is not lost by one that has time left, and tries again", 1_001, 1_000, again],
    ["is not lost by one that does not stop", undefined, 1_000, again],
    ["is not lost by one whose time to stop is over and which reaches the store", 1_000, undefined, again],
  ])("%s", (_, drainsUntilMs, unreachableAtMs, expected) => {
    const { time, leases, results, host, found } = setting();
    leases.given(host, "a", "first", 5_000, 0);
    results.begins(host, ctx);
    host.drainsUntilMs = drainsUntilMs;
    results.heard(host, ctx);
    if (unreachableAtMs !== undefined) {
      time.nowMs = unreachableAtMs;
      results.unreachable(host, "a");
    }
    leases.released("first", time.nowMs);

    results.starts(ctx, "the body starts");

    expect(found()).toEqual(expected);
  });
});
