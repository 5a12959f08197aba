import { expect, it } from "vitest";
import { NonRetryableError } from "../../src/errors/step-errors.ts";
import { goToPrimitive } from "../../src/primitives/go-to.ts";
import { primitiveContext } from "./primitive-context.ts";

it("goTo names its target, or fails", () => {
  expect(goToPrimitive.enter(primitiveContext({ kind: "goTo", settings: { target: "begin" } }))).toEqual({ kind: "goTo", target: "begin" });
  expect(() => goToPrimitive.enter(primitiveContext({ kind: "goTo" }))).toThrow(
    new NonRetryableError('the target of the step "s" gave undefined in place of a string'),
  );
});
