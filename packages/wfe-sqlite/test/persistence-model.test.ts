import { persistenceModel, registerModel } from "wfe-provider-model";
import { persistenceTargetInMemory, persistenceTargetOnFile } from "./sqlite-targets.ts";

registerModel("persistence on SQLite in memory", persistenceModel(persistenceTargetInMemory), { runs: 300 });
registerModel("persistence on a file of SQLite", persistenceModel(persistenceTargetOnFile), { runs: 30 });
