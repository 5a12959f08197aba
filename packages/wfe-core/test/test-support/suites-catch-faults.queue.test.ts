import { describe, expect, it } from "vitest";
import { QUEUE_SUITE_CASES } from "../../src/test-support/suites/queue-suite.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";
import { faultyQueueTarget, QUEUE_FAULTS } from "./faulty-queues.ts";

describe("the queue suite", () => {
  it("has a deliberate fault for every case", () => {
    expect(Object.keys(QUEUE_FAULTS).toSorted()).toEqual(QUEUE_SUITE_CASES.map((suiteCase) => suiteCase.name).toSorted());
  });

  for (const suiteCase of QUEUE_SUITE_CASES) {
    const fault = QUEUE_FAULTS[suiteCase.name];
    if (fault === undefined) continue; // told by the test above
    it(`catches a provider that ${fault.fault}: ${suiteCase.name}`, async () => {
      const target = faultyQueueTarget(fault);

      const run = runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(target), closeContext: (context) => context.close() });

      // A TypeError would be a mistake in the fault itself.
      await expect(run).rejects.toSatisfy((error) => error instanceof Error && !(error instanceof TypeError));
    });
  }
});
