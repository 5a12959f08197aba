import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import type { SuiteCase, SuiteTarget } from "../../src/test-support/suites/suite-case.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";

/** What proves that a suite catches what it is there for. */
export interface FaultProof<TProvider extends object, TFault extends { readonly fault: string }> {
  readonly cases: readonly SuiteCase<SuiteContext<TProvider>>[];
  /** Tables, by name of the case that has to catch it. */
  readonly faults: readonly Readonly<Record<string, TFault>>[];
  /** A store whose providers have the fault. */
  readonly target: (fault: TFault) => SuiteTarget<TProvider>;
  /** A fault that is none: with it every case has to pass, or what it catches proves nothing. */
  readonly none: TFault;
}

/** Registers, for every case of a suite, the test that it fails on a provider with its one deliberate fault. */
export function catchesFaults<TProvider extends object, TFault extends { readonly fault: string }>(
  suite: string,
  { cases, faults, target, none }: FaultProof<TProvider, TFault>,
): void {
  describe(suite, () => {
    it("has a deliberate fault for every case", () => {
      // Name for name, also when two tables have one: merged, the second would hide the first.
      expect(faults.flatMap((table) => Object.keys(table)).toSorted()).toEqual(cases.map(({ name }) => name).toSorted());
    });

    it("passes, case for case, on the same stores without a fault", async () => {
      const sound = target(none);

      for (const suiteCase of cases)
        await runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(sound), closeContext: (context) => context.close() });
    });

    for (const suiteCase of cases) {
      const fault = faults.find((table) => Object.hasOwn(table, suiteCase.name))?.[suiteCase.name];
      if (fault === undefined) continue; // told by the test above
      it(`catches a provider that ${fault.fault}: ${suiteCase.name}`, async () => {
        const faulty = target(fault);

        const run = runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(faulty), closeContext: (context) => context.close() });

        // Anything else would be a mistake in the fault itself.
        await expect(run).rejects.toSatisfy((error) => error instanceof assert.AssertionError || isWfeError(error));
      });
    }
  });
}
