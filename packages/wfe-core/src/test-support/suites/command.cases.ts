import type { PersistenceContext } from "./persistence-context.ts";
import type { SuiteCase } from "./suite-case.ts";

/** To be filled. */
export const COMMAND_CASES: readonly SuiteCase<PersistenceContext>[] = [];
