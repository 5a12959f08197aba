import { lockModel, persistenceModel, queueModel, registerModel } from "wfe-provider-model";
import { locksInMemory, persistenceInMemory, queuesInMemory } from "./in-memory-targets.ts";

registerModel("persistence in memory", persistenceModel(persistenceInMemory()), { runs: 300 });
registerModel("locks in memory", lockModel(locksInMemory()), { runs: 300 });
registerModel("queues in memory", queueModel(queuesInMemory()), { runs: 300 });
