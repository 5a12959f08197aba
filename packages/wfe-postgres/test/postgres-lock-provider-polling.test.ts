import { describe, it } from "vitest";
import { lockSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { lockTarget } from "./postgres-targets.ts";

// Side by side: its cases wait.
lockSuite("lock suite on PostgreSQL without notifications", lockTarget(testSchema("locks"), { notifications: false }), {
  describe,
  it: it.concurrent,
});
