import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import type { SuiteCase, SuiteTarget } from "../../src/test-support/suites/suite-case.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";
import type { Provider } from "../../src/traits/provider.ts";

/** What proves that a suite catches what it is there for. */
export interface FaultProof<TProvider extends Provider, TFault extends { readonly fault: string }> {
  readonly cases: readonly SuiteCase<SuiteContext<TProvider>>[];
  /** By name of the case that has to catch it. */
  readonly faults: Readonly<Record<string, TFault>>;
  /** A store whose providers have the fault. */
  readonly target: (fault: TFault) => SuiteTarget<TProvider>;
}

/** Registers, for every case of a suite, the test that it fails on a provider with its one deliberate fault. */
export function catchesFaults<TProvider extends Provider, TFault extends { readonly fault: string }>(
  suite: string,
  { cases, faults, target }: FaultProof<TProvider, TFault>,
): void {
  describe(suite, () => {
    it("has a deliberate fault for every case", () => {
      expect(Object.keys(faults).toSorted()).toEqual(cases.map(({ name }) => name).toSorted());
    });

    for (const suiteCase of cases) {
      const fault = faults[suiteCase.name];
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
