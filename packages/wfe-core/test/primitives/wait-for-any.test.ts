import { describe, expect, it } from "vitest";
import { NonRetryableError, StepExecutionError, TimeoutError } from "../../src/errors/step-errors.ts";
import { waitForAnyPrimitive } from "../../src/primitives/wait-for-any.ts";
import { NOW_MS, primitiveContext } from "./primitive-context.ts";

describe("waitForAny", () => {
  const settings = { events: { yes: "paid", constructor: "refused" }, keys: { yes: "1" } };
  const functions = { "key.constructor": () => "2" };

  it("waits for each of its events under its label, with fixed and selected keys", () => {
    const bound = { storedAfter: "creation" };

    expect(waitForAnyPrimitive.enter(primitiveContext({ kind: "waitForAny", settings }, { functions }))).toEqual({
      kind: "wait",
      topics: [
        { label: "yes", name: "paid", key: "1", bound },
        { label: "constructor", name: "refused", key: "2", bound },
      ],
    });
  });

  it("has one effective date and one limit for all of them", () => {
    const limited = { ...functions, effectiveDate: () => new Date(7), timeout: () => "1m" };
    const action = waitForAnyPrimitive.enter(primitiveContext({ kind: "waitForAny", settings }, { functions: limited }));

    expect(action).toMatchObject({
      topics: [{ bound: { effectiveDate: new Date(7) } }, { bound: { effectiveDate: new Date(7) } }],
      untilMs: NOW_MS + 60_000,
    });
  });

  it("has finished with what came first", () => {
    const event = { data: { first: "yes", data: 7 } };

    expect(waitForAnyPrimitive.enter(primitiveContext({ kind: "waitForAny", settings }, { functions, event }))).toEqual({
      kind: "complete",
      value: event.data,
    });
  });

  it("leads into its block when its limit ends, or fails without one", () => {
    const limited = { kind: "waitForAny", settings: { ...settings, timeoutMs: 5 } } as const;

    expect(waitForAnyPrimitive.due?.(primitiveContext(limited, { functions, hasTimeoutBlock: true }))).toEqual({ kind: "complete", timedOut: true });
    expect(() => waitForAnyPrimitive.due?.(primitiveContext(limited, { functions }))).toThrow(
      new TimeoutError('the wait of the step "s"', 5, { retryable: false }),
    );
  });

  it("cannot wait for no events, nor for one without a key", () => {
    const waits = (changed: Readonly<Record<string, unknown>>) => () =>
      waitForAnyPrimitive.enter(primitiveContext({ kind: "waitForAny", settings: changed as never }));

    expect(waits({})).toThrow(new StepExecutionError('the step "s" names no events'));
    expect(waits({ events: null })).toThrow(new StepExecutionError('the step "s" names no events'));
    expect(waits({ events: { a: "paid" } })).toThrow(new NonRetryableError('the key.a of the step "s" gave undefined in place of a string'));
  });
});
