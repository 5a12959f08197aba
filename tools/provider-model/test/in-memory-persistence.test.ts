import { InMemoryPersistenceProvider, InMemoryStore } from "wfe-core/test-support";
import { persistenceModel, registerModel } from "wfe-provider-model";

const target = persistenceModel({
  createStore: async () => {
    const store = new InMemoryStore();
    return { open: async () => new InMemoryPersistenceProvider({ store }), elapse: async () => {}, dispose: async () => {} };
  },
});

registerModel("persistence in memory", target, { runs: 300 });
