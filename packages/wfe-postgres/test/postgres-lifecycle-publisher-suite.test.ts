import { describe, it } from "vitest";
import { lifecycleSuite } from "wfe-core/test-support";
import { testSchema } from "wfe-test-services/vitest";
import { lifecycleTarget } from "./postgres-targets.ts";

// Its cases wait: side by side.
const runner = { describe, it: it.concurrent };
const server = testSchema("lifecycle-suite");

lifecycleSuite("lifecycle suite on PostgreSQL", lifecycleTarget(server), runner);
lifecycleSuite("lifecycle suite on PostgreSQL with a prefix", lifecycleTarget(server, { tablePrefix: "Of-ours_" }), runner);
