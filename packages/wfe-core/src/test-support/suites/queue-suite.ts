import type { QueueProvider } from "../../traits/queue-provider.ts";
import { COMPETITION_CASES } from "./competition.cases.ts";
import { QUEUE_CASES, type QueueContext, type QueueOpenOptions } from "./queue.cases.ts";
import { QUEUE_NOT_RUNNING_CASES } from "./queue-not-running.cases.ts";
import { REDELIVERY_CASES } from "./redelivery.cases.ts";
import { registerSuite, type SuiteRunner } from "./register-suite.ts";
import { REQUEUE_CASES } from "./requeue.cases.ts";
import type { SuiteCase, SuiteTarget } from "./suite-case.ts";
import { SuiteContext } from "./suite-context.ts";
import { WAITING_CASES } from "./waiting.cases.ts";

/** What the queue suite runs against; `open` makes an instance with the visibility time asked for. */
export type QueueSuiteTarget = SuiteTarget<QueueProvider, QueueOpenOptions>;

/** Every case of {@link queueSuite}, as data. */
export const QUEUE_SUITE_CASES: readonly SuiteCase<QueueContext>[] = [
  ...QUEUE_CASES,
  ...WAITING_CASES,
  ...COMPETITION_CASES,
  ...REDELIVERY_CASES,
  ...REQUEUE_CASES,
  ...QUEUE_NOT_RUNNING_CASES,
];

/**
 * Proves a queue provider: order, delays, one entry an id, blocking waits, competition, and that nothing taken is lost.
 *
 * @param name - Title of the suite.
 * @param runner - `describe` and `it` of the test runner. @default its global ones
 */
export function queueSuite(name: string, target: QueueSuiteTarget, runner?: SuiteRunner): void {
  registerSuite<QueueContext>({
    name,
    cases: QUEUE_SUITE_CASES,
    capabilities: target.capabilities,
    createContext: () => SuiteContext.create(target),
    closeContext: (context) => context.close(),
    runner,
  });
}
