import { describe, expect, it } from "vitest";
import { StepExecutionError, TimeoutError } from "../../src/errors/step-errors.ts";
import { waitForPrimitive } from "../../src/primitives/wait-for.ts";
import { NOW_MS, primitiveContext } from "./primitive-context.ts";

describe("waitFor", () => {
  const settings = { eventName: "paid", key: "1" };

  it("waits for the event of its name and key that was stored after the instance's creation", () => {
    expect(waitForPrimitive.enter(primitiveContext({ kind: "waitFor", settings }))).toEqual({
      kind: "wait",
      topics: [{ name: "paid", key: "1", bound: { storedAfter: "creation" } }],
    });
  });

  it("takes key, effective date and limit from selectors", () => {
    const functions = { key: () => "", effectiveDate: () => new Date(7), timeout: () => "1m" };

    expect(waitForPrimitive.enter(primitiveContext({ kind: "waitFor", settings }, { functions }))).toEqual({
      kind: "wait",
      topics: [{ name: "paid", key: "", bound: { effectiveDate: new Date(7) } }],
      untilMs: NOW_MS + 60_000,
    });
  });

  it("has finished with the payload of an event that has come, and does not wait again", () => {
    const came = primitiveContext({ kind: "waitFor", settings }, { event: { data: { total: 1 } } });

    expect(waitForPrimitive.enter(came)).toEqual({ kind: "complete", value: { total: 1 } });
  });

  it("cannot wait for an event without a name", () => {
    expect(() => waitForPrimitive.enter(primitiveContext({ kind: "waitFor", settings: { key: "1" } }))).toThrow(
      new StepExecutionError('the step "s" names no event'),
    );
  });

  it("leads into the block behind it when its limit ends", () => {
    const due = primitiveContext({ kind: "waitFor", settings: { ...settings, timeoutMs: 5 } }, { hasTimeoutBlock: true });

    expect(waitForPrimitive.due?.(due)).toEqual({ kind: "complete", timedOut: true });
  });

  it("fails when its limit ends and there is no such block", () => {
    const due = primitiveContext({ kind: "waitFor", settings: { ...settings, timeoutMs: 5 } });

    expect(() => waitForPrimitive.due?.(due)).toThrow(new TimeoutError('the wait of the step "s"', 5, { retryable: false }));
  });

  it("fails so too when its limit was selected, which is not asked again", () => {
    const functions = {
      timeout: (): never => {
        throw new Error("the data has changed since");
      },
    };
    const due = primitiveContext({ kind: "waitFor", settings }, { functions });

    expect(() => waitForPrimitive.due?.(due)).toThrow(new TimeoutError('the wait of the step "s"', undefined, { retryable: false }));
  });
});
