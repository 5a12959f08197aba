export { lockModel } from "./lock-model.ts";
export { type Model, type ModelFailure, type ModelRunOptions, runModel } from "./model-run.ts";
export { persistenceModel } from "./persistence-model.ts";
export { queueModel } from "./queue-model.ts";
export { registerModel } from "./register-model.ts";
