import { describe, it } from "vitest";
import { persistenceSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { persistenceTarget } from "./postgres-targets.ts";

persistenceSuite("persistence suite on PostgreSQL", persistenceTarget(testSchema("persistence")), { describe, it: it.concurrent });
