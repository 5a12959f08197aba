import { describe, it } from "vitest";
import { persistenceSuite } from "wfe-core/test-support";
import { persistenceTarget } from "./persistence-target.ts";

persistenceSuite("persistence suite on PostgreSQL", persistenceTarget("wfe_suite"), { describe, it });
persistenceSuite("persistence suite on PostgreSQL, in a schema of another name and with a prefix", persistenceTarget("Other-Schema", "p_"), {
  describe,
  it,
});
