import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import { CLOSING_CASES } from "../../src/test-support/suites/closing.cases.ts";
import { PICK_UP_CASES } from "../../src/test-support/suites/pick-up.cases.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";
import { faultyPersistenceTarget } from "./faulty-persistence.ts";
import { PERSISTENCE_WAIT_FAULTS } from "./faulty-persistence-waits.ts";

const CASES = [...PICK_UP_CASES, ...CLOSING_CASES];

describe("the cases of the persistence suite about waits", () => {
  it("have a deliberate fault each", () => {
    expect(Object.keys(PERSISTENCE_WAIT_FAULTS).toSorted()).toEqual(CASES.map((suiteCase) => suiteCase.name).toSorted());
  });

  for (const suiteCase of CASES) {
    const fault = PERSISTENCE_WAIT_FAULTS[suiteCase.name];
    if (fault === undefined) continue; // told by the test above
    it(`catch a provider that ${fault.fault}: ${suiteCase.name}`, async () => {
      const target = faultyPersistenceTarget(fault);

      const run = runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(target), closeContext: (context) => context.close() });

      // Anything else would be a mistake in the fault itself.
      await expect(run).rejects.toSatisfy((error) => error instanceof assert.AssertionError || isWfeError(error));
    });
  }
});
