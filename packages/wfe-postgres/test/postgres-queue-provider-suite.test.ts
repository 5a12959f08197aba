import { describe, it } from "vitest";
import { queueSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { queueTarget } from "./postgres-targets.ts";

// Side by side: its cases wait.
queueSuite("queue suite on PostgreSQL", queueTarget(testSchema("queue"), { pollInterval: "1h" }), { describe, it: it.concurrent });
