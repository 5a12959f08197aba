import { lockModel, queueModel, registerModel } from "wfe-provider-model";
import { testSchema } from "wfe-test-services/vitest";
import { inVirtualTime } from "./postgres-targets.ts";

const { locks, queue } = inVirtualTime(testSchema("locks and queues model"));

registerModel("locks on PostgreSQL", lockModel(locks), { runs: 50 });
registerModel("queues on PostgreSQL", queueModel(queue), { runs: 50 });
