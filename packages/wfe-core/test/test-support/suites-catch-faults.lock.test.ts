import { describe, expect, it } from "vitest";
import { LOCK_SUITE_CASES } from "../../src/test-support/suites/lock-suite.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";
import { faultyLockTarget, LOCK_FAULTS } from "./faulty-locks.ts";

describe("the lock suite", () => {
  it("has a deliberate fault for every case", () => {
    expect(Object.keys(LOCK_FAULTS).toSorted()).toEqual(LOCK_SUITE_CASES.map((suiteCase) => suiteCase.name).toSorted());
  });

  for (const suiteCase of LOCK_SUITE_CASES) {
    const fault = LOCK_FAULTS[suiteCase.name];
    if (fault === undefined) continue; // told by the test above
    it(`catches a provider that ${fault.fault}: ${suiteCase.name}`, async () => {
      const target = faultyLockTarget(fault);

      const run = runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(target), closeContext: (context) => context.close() });

      // A TypeError would be a mistake in the fault itself.
      await expect(run).rejects.toSatisfy((error) => error instanceof Error && !(error instanceof TypeError));
    });
  }
});
