import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import { ERROR_LOG_CASES } from "../../src/test-support/suites/error-log.cases.ts";
import { EVENT_CASES } from "../../src/test-support/suites/event.cases.ts";
import { INBOX_CASES } from "../../src/test-support/suites/inbox.cases.ts";
import { SCHEDULED_COMMAND_CASES } from "../../src/test-support/suites/scheduled-command.cases.ts";
import { SUBSCRIPTION_CASES } from "../../src/test-support/suites/subscription.cases.ts";
import { TOKEN_CASES } from "../../src/test-support/suites/token.cases.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";
import { faultyPersistenceTarget } from "./faulty-persistence.ts";
import { PERSISTENCE_EVENT_FAULTS } from "./faulty-persistence-events.ts";

const CASES = [...EVENT_CASES, ...SUBSCRIPTION_CASES, ...INBOX_CASES, ...TOKEN_CASES, ...SCHEDULED_COMMAND_CASES, ...ERROR_LOG_CASES];

describe("the cases of the persistence suite about events", () => {
  it("have a deliberate fault each", () => {
    expect(Object.keys(PERSISTENCE_EVENT_FAULTS).toSorted()).toEqual(CASES.map((suiteCase) => suiteCase.name).toSorted());
  });

  for (const suiteCase of CASES) {
    const fault = PERSISTENCE_EVENT_FAULTS[suiteCase.name];
    if (fault === undefined) continue; // told by the test above
    it(`catch a provider that ${fault.fault}: ${suiteCase.name}`, async () => {
      const target = faultyPersistenceTarget(fault);

      const run = runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(target), closeContext: (context) => context.close() });

      // Anything else would be a mistake in the fault itself.
      await expect(run).rejects.toSatisfy((error) => error instanceof assert.AssertionError || isWfeError(error));
    });
  }
});
