import assert from "node:assert/strict";
import { describe, expect, it } from "vitest";
import { isWfeError } from "../../src/errors/wfe-error.ts";
import { COMMAND_CASES } from "../../src/test-support/suites/command.cases.ts";
import { COMMIT_BATCH_CASES } from "../../src/test-support/suites/commit-batch.cases.ts";
import { COMMIT_REPEAT_CASES } from "../../src/test-support/suites/commit-repeat.cases.ts";
import { COMMIT_CASES } from "../../src/test-support/suites/commit.cases.ts";
import { CONFLICT_CASES } from "../../src/test-support/suites/conflict.cases.ts";
import { DUE_CASES } from "../../src/test-support/suites/due.cases.ts";
import { LIST_AND_DELETE_CASES } from "../../src/test-support/suites/list-and-delete.cases.ts";
import { LIST_CASES } from "../../src/test-support/suites/list.cases.ts";
import { LOAD_CASES } from "../../src/test-support/suites/load.cases.ts";
import { PAYLOAD_CASES } from "../../src/test-support/suites/payload.cases.ts";
import { PERSISTENCE_NOT_RUNNING_CASES } from "../../src/test-support/suites/persistence-not-running.cases.ts";
import { runSuiteCase } from "../../src/test-support/suites/register-suite.ts";
import { SuiteContext } from "../../src/test-support/suites/suite-context.ts";
import { WORKFLOW_CASES } from "../../src/test-support/suites/workflow.cases.ts";
import { faultyPersistenceTarget } from "./faulty-persistence.ts";
import { PERSISTENCE_WORKFLOW_FAULTS } from "./faulty-persistence-workflows.ts";

const CASES = [
  ...WORKFLOW_CASES,
  ...LOAD_CASES,
  ...PAYLOAD_CASES,
  ...COMMIT_CASES,
  ...COMMIT_REPEAT_CASES,
  ...COMMIT_BATCH_CASES,
  ...CONFLICT_CASES,
  ...DUE_CASES,
  ...COMMAND_CASES,
  ...LIST_CASES,
  ...LIST_AND_DELETE_CASES,
  ...PERSISTENCE_NOT_RUNNING_CASES,
];

describe("the cases of the persistence suite about instances", () => {
  it("have a deliberate fault each", () => {
    expect(Object.keys(PERSISTENCE_WORKFLOW_FAULTS).toSorted()).toEqual(CASES.map((suiteCase) => suiteCase.name).toSorted());
  });

  for (const suiteCase of CASES) {
    const fault = PERSISTENCE_WORKFLOW_FAULTS[suiteCase.name];
    if (fault === undefined) continue; // told by the test above
    it(`catch a provider that ${fault.fault}: ${suiteCase.name}`, async () => {
      const target = faultyPersistenceTarget(fault);

      const run = runSuiteCase(suiteCase, { createContext: () => SuiteContext.create(target), closeContext: (context) => context.close() });

      // Anything else would be a mistake in the fault itself.
      await expect(run).rejects.toSatisfy((error) => error instanceof assert.AssertionError || isWfeError(error));
    });
  }
});
