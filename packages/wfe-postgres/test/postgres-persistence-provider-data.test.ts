import { describe, it } from "vitest";
import { persistenceSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { persistenceTarget } from "./postgres-targets.ts";

/** Paths that the suite asks for. */
const INDEXED_DATA = ["x", "order.customer.name", "order.customer", "order", "total", "constructor", "__proto__"];

// Whatever is indexed, filters find the same.
persistenceSuite("persistence suite on PostgreSQL with indexed data", persistenceTarget(testSchema("persistence"), { indexedData: INDEXED_DATA }), {
  describe,
  it: it.concurrent,
});
