import { describe, it } from "vitest";
import { lockSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { lockTarget } from "./postgres-targets.ts";

// Side by side: its cases wait.
lockSuite("lock suite on PostgreSQL with a prefix", lockTarget(testSchema("locks"), { tablePrefix: "Of-Ours_" }), { describe, it: it.concurrent });
