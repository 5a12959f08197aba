import { lockModel, queueModel, registerModel } from "wfe-provider-model";
import { inVirtualTime } from "./sqlite-targets.ts";

registerModel("locks on SQLite", lockModel(inVirtualTime.locks), { runs: 100 });
registerModel("queues on SQLite", queueModel(inVirtualTime.queue), { runs: 100 });
