import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import { ACTIVITY_CASES } from "./activity.cases.ts";
import { CHILD_CASES } from "./child.cases.ts";
import { CLAIM_CASES } from "./claim.cases.ts";
import { CLOSING_CASES } from "./closing.cases.ts";
import { COMMAND_CASES } from "./command.cases.ts";
import { COMMAND_HANDLING_CASES } from "./command-handling.cases.ts";
import { COMMIT_CASES } from "./commit.cases.ts";
import { COMMIT_BATCH_CASES } from "./commit-batch.cases.ts";
import { COMMIT_REPEAT_CASES } from "./commit-repeat.cases.ts";
import { COMPENSATED_LOAD_CASES } from "./compensated-load.cases.ts";
import { CONFLICT_CASES } from "./conflict.cases.ts";
import { CONSUMPTION_CASES } from "./consumption.cases.ts";
import { DELIVERY_CASES } from "./delivery.cases.ts";
import { DUE_CASES } from "./due.cases.ts";
import { ERROR_LOG_CASES } from "./error-log.cases.ts";
import { ERROR_RECORD_CASES } from "./error-record.cases.ts";
import { EVENT_CASES } from "./event.cases.ts";
import { EVENT_PAYLOAD_CASES } from "./event-payload.cases.ts";
import { EVENT_PURGE_CASES } from "./event-purge.cases.ts";
import { FINDING_CASES } from "./finding.cases.ts";
import { HELD_CASES } from "./held.cases.ts";
import { INBOX_CASES } from "./inbox.cases.ts";
import { LIST_CASES } from "./list.cases.ts";
import { LIST_AND_DELETE_CASES } from "./list-and-delete.cases.ts";
import { LOAD_CASES } from "./load.cases.ts";

import { MEETING_CASES } from "./meeting.cases.ts";
import { MIGRATION_CASES } from "./migration.cases.ts";
import { PAYLOAD_CASES } from "./payload.cases.ts";
import type { PersistenceContext } from "./persistence-context.ts";
import { PERSISTENCE_NOT_RUNNING_CASES } from "./persistence-not-running.cases.ts";
import { PICK_UP_CASES } from "./pick-up.cases.ts";
import { COMPENSABLE_CASES, POINTER_QUERY_CASES } from "./pointer-query.cases.ts";
import { PUBLICATION_CASES } from "./publication.cases.ts";
import { registerSuite, type SuiteRunner } from "./register-suite.ts";
import { RETRY_CASES } from "./retry.cases.ts";
import { SCHEDULED_COMMAND_CASES } from "./scheduled-command.cases.ts";
import { SUBSCRIPTION_CASES } from "./subscription.cases.ts";
import type { SuiteCase, SuiteTarget } from "./suite-case.ts";
import { SuiteContext } from "./suite-context.ts";
import { TERMINATION_CASES } from "./termination.cases.ts";
import { TOKEN_CASES } from "./token.cases.ts";
import { TRACE_CONTEXT_CASES } from "./trace-context.cases.ts";
import { WAKE_UP_CASES } from "./wake-up.cases.ts";
import { WORKFLOW_INSPECTION_CASES } from "./workflow-inspection.cases.ts";
import { WORKFLOW_CASES } from "./workflow.cases.ts";

/**
 * What the persistence suite runs against; two opens give two instances on one store. Capability `hold` when a writer can be made to wait for
 * the row of an instance, or for all of the store, with `hold` on its stores: the races that lose work on a real server are then run in their
 * forced order.
 */
export type PersistenceSuiteTarget = SuiteTarget<PersistenceProvider>;

/** Every case of {@link persistenceSuite}, as data. */
export const PERSISTENCE_SUITE_CASES: readonly SuiteCase<PersistenceContext>[] = [
  ...WORKFLOW_CASES,
  ...TRACE_CONTEXT_CASES,
  ...LOAD_CASES,
  ...COMPENSATED_LOAD_CASES,
  ...POINTER_QUERY_CASES,
  ...COMPENSABLE_CASES,
  ...COMMIT_CASES,
  ...COMMIT_REPEAT_CASES,
  ...COMMIT_BATCH_CASES,
  ...MIGRATION_CASES,
  ...CHILD_CASES,
  ...CONFLICT_CASES,
  ...PAYLOAD_CASES,
  ...DUE_CASES,
  ...COMMAND_CASES,
  ...RETRY_CASES,
  ...TERMINATION_CASES,
  ...LIST_CASES,
  ...LIST_AND_DELETE_CASES,
  ...FINDING_CASES,
  ...EVENT_CASES,
  ...EVENT_PURGE_CASES,
  ...EVENT_PAYLOAD_CASES,
  ...SUBSCRIPTION_CASES,
  ...INBOX_CASES,
  ...DELIVERY_CASES,
  ...PUBLICATION_CASES,
  ...PICK_UP_CASES,
  ...CONSUMPTION_CASES,
  ...CLOSING_CASES,
  ...WAKE_UP_CASES,
  ...MEETING_CASES,
  ...HELD_CASES,
  ...TOKEN_CASES,
  ...ACTIVITY_CASES,
  ...CLAIM_CASES,
  ...SCHEDULED_COMMAND_CASES,
  ...COMMAND_HANDLING_CASES,
  ...ERROR_LOG_CASES,
  ...ERROR_RECORD_CASES,
  ...WORKFLOW_INSPECTION_CASES,
  ...PERSISTENCE_NOT_RUNNING_CASES,
];

/**
 * Proves a persistence provider: that a commit is whole and refused when stale, that no event and no due time is lost whatever interleaves,
 * and that what was stored comes back as it was.
 *
 * @param name - Title of the suite.
 * @param runner - `describe` and `it` of the test runner. @default its global ones
 */
export function persistenceSuite(name: string, target: PersistenceSuiteTarget, runner?: SuiteRunner): void {
  registerSuite<PersistenceContext>({
    name,
    cases: PERSISTENCE_SUITE_CASES,
    capabilities: target.capabilities,
    createContext: () => SuiteContext.create(target),
    closeContext: (context) => context.close(),
    runner,
  });
}
