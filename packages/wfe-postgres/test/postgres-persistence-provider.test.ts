import { describe, it } from "vitest";
import { persistenceSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { persistenceTarget } from "./postgres-targets.ts";

const server = testSchema("persistence");

persistenceSuite("persistence suite on PostgreSQL", persistenceTarget(server), { describe, it });
persistenceSuite("persistence suite on PostgreSQL with a prefix", persistenceTarget(server, { schema: server.another(), tablePrefix: "Of-Ours_" }), {
  describe,
  it,
});
