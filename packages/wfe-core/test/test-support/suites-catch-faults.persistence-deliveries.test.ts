import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import { CLAIM_CASES } from "../../src/test-support/suites/claim.cases.ts";
import { COMMAND_HANDLING_CASES } from "../../src/test-support/suites/command-handling.cases.ts";
import { CONSUMPTION_CASES } from "../../src/test-support/suites/consumption.cases.ts";
import { DELIVERY_CASES } from "../../src/test-support/suites/delivery.cases.ts";
import { ERROR_RECORD_CASES } from "../../src/test-support/suites/error-record.cases.ts";
import { EVENT_PAYLOAD_CASES } from "../../src/test-support/suites/event-payload.cases.ts";
import { EVENT_PURGE_CASES } from "../../src/test-support/suites/event-purge.cases.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";
import { WAKE_UP_CASES } from "../../src/test-support/suites/wake-up.cases.ts";
import { faultyPersistenceTarget } from "./faulty-persistence.ts";
import { PERSISTENCE_DELIVERY_FAULTS } from "./faulty-persistence-deliveries.ts";
import { PERSISTENCE_PAYLOAD_FAULTS } from "./faulty-persistence-payloads.ts";

const CASES = [
  ...EVENT_PAYLOAD_CASES,
  ...EVENT_PURGE_CASES,
  ...CLAIM_CASES,
  ...COMMAND_HANDLING_CASES,
  ...ERROR_RECORD_CASES,
  ...DELIVERY_CASES,
  ...CONSUMPTION_CASES,
  ...WAKE_UP_CASES,
];
const FAULTS = { ...PERSISTENCE_PAYLOAD_FAULTS, ...PERSISTENCE_DELIVERY_FAULTS };

describe("the cases of the persistence suite about deliveries, waits, claims and what comes back as it was", () => {
  it("have a deliberate fault each", () => {
    expect(Object.keys(FAULTS).toSorted()).toEqual(CASES.map((suiteCase) => suiteCase.name).toSorted());
  });

  for (const suiteCase of CASES) {
    const fault = FAULTS[suiteCase.name];
    if (fault === undefined) continue; // told by the test above
    it(`catch a provider that ${fault.fault}: ${suiteCase.name}`, async () => {
      const target = faultyPersistenceTarget(fault);

      const run = runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(target), closeContext: (context) => context.close() });

      // Anything else would be a mistake in the fault itself.
      await expect(run).rejects.toSatisfy((error) => error instanceof assert.AssertionError || isWfeError(error));
    });
  }
});
