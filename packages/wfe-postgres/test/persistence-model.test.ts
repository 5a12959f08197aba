import { persistenceModel, registerModel } from "wfe-provider-model";
import { testSchema } from "wfe-test-services/vitest";
import { persistenceTarget } from "./postgres-targets.ts";

registerModel("persistence on PostgreSQL", persistenceModel(persistenceTarget(testSchema("persistence model"))), { runs: 100 });
