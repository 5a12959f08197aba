import { describe, it } from "vitest";
import { persistenceSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { persistenceTarget } from "./postgres-targets.ts";

persistenceSuite("persistence suite on PostgreSQL with a prefix", persistenceTarget(testSchema("persistence"), { tablePrefix: "Of-Ours_" }), {
  describe,
  it: it.concurrent,
});
