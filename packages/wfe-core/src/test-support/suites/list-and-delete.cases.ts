import type { PersistenceContext } from "./persistence-context.ts";
import type { SuiteCase } from "./suite-case.ts";

/** To be filled. */
export const LIST_AND_DELETE_CASES: readonly SuiteCase<PersistenceContext>[] = [];
