import type { PersistenceProvider } from "../../traits/persistence-provider.ts";
import type { SuiteContext } from "./suite-context.ts";

/** What a case of the persistence suite works with. */
export type PersistenceContext = SuiteContext<PersistenceProvider>;
