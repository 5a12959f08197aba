import { describe, it } from "vitest";
import { queueSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { queueTarget } from "./postgres-targets.ts";

// Side by side: its cases wait.
queueSuite("queue suite on PostgreSQL without notifications", queueTarget(testSchema("queue"), { notifications: false }), {
  describe,
  it: it.concurrent,
});
