import { describe, it } from "vitest";
import { lockSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { lockTarget } from "./postgres-targets.ts";

// Its cases wait: side by side.
lockSuite("lock suite on PostgreSQL", lockTarget(testSchema("locks")), { describe, it: it.concurrent });
