import { describe, expect, it } from "vitest";
import { NonRetryableError, TimeoutError } from "../../src/errors/step-errors.ts";
import { SerializationError } from "../../src/errors/value-errors.ts";
import { WfeError } from "../../src/errors/wfe-error.ts";
import { failureOf as describeFailure } from "../../src/executor/failure.ts";
import { Payloads } from "../../src/runtime/payloads.ts";

const failureOf = (thrown: unknown) => describeFailure(thrown, new Payloads());

describe("failureOf", () => {
  const nameless = Object.assign(new Error(""), { name: "" });
  const hostile = new Proxy(
    {},
    {
      get() {
        throw new Error("do not touch");
      },
    },
  );
  it.each<[string, unknown, string, string]>([
    ["an error's own message", new Error("card declined"), "WFE_STEP_FAILED", "card declined"],
    ["the name of an error without a message", new RangeError(""), "WFE_STEP_FAILED", "RangeError"],
    ["an error with neither", nameless, "WFE_STEP_FAILED", "Error"],
    ["null", null, "WFE_STEP_FAILED", "null"],
    ["undefined", undefined, "WFE_STEP_FAILED", "undefined"],
    ["a string", "no", "WFE_STEP_FAILED", "no"],
    ["the empty string", "", "WFE_STEP_FAILED", '""'],
    ["a number", 0, "WFE_STEP_FAILED", "0"],
    ["an object", {}, "WFE_STEP_FAILED", "[object Object]"],
    ["a symbol", Symbol("s"), "WFE_STEP_FAILED", "Symbol(s)"],
    ["an object without a prototype", Object.create(null), "WFE_STEP_FAILED", "a value that cannot be shown"],
    ["a proxy that throws", hostile, "WFE_STEP_FAILED", "a value that cannot be shown"],
    ["the code of an engine's error", new TimeoutError("the step", 5), "WFE_TIMEOUT", "the step took longer than its limit of 5 ms"],
  ])("describes %s", (_, thrown, code, message) => {
    expect(failureOf(thrown)).toMatchObject({ code, message, retryable: true });
  });

  it.each([new NonRetryableError("no"), new SerializationError("the data", "a", "is a Date"), new WfeError("WFE_POINTERS_TOO_MANY", "too many")])(
    "knows that another attempt at %s is useless",
    (thrown) => {
      expect(failureOf(thrown).retryable).toBe(false);
    },
  );

  it("keeps the stack, and the data of an error that carries some on purpose", () => {
    const error = new NonRetryableError("declined", { data: { code: 51 } });

    expect(failureOf(error)).toEqual({ code: "WFE_STEP_FAILED", message: "declined", retryable: false, stack: error.stack, data: { code: 51 } });
    expect(failureOf(Object.assign(new Error("x"), { data: { secret: 1 } }))).not.toHaveProperty("data");
  });

  it("says what is wrong with data that cannot be stored, in its place", () => {
    const failure = failureOf(new NonRetryableError("declined", { data: { at: new Date(0) } as never }));

    expect(failure).toMatchObject({ message: "declined", data: expect.stringContaining("at is a Date") as string });
  });
});
