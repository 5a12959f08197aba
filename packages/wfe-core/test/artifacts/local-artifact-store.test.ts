import { describe, it } from "vitest";
import { LocalArtifactStore } from "../../src/artifacts/store/local-artifact-store.ts";
import { artifactStoreSuite } from "../../src/test-support/suites/artifact-store-suite.ts";
import { VirtualClock } from "../../src/test-support/virtual-clock.ts";
import { StoreFolder } from "./store-folder.ts";

artifactStoreSuite(
  "artifact suite on the store in a folder",
  {
    capabilities: ["damage"],
    async createStore() {
      const clock = new VirtualClock();
      const folder = await StoreFolder.make();
      return {
        open: ({ expiryMs = 1e9, maxBlobBytes } = {}) =>
          LocalArtifactStore.open(folder.root, { clock, expiry: expiryMs, ...(maxBlobBytes === undefined ? {} : { maxBlobBytes }) }),
        elapse: (ms) => clock.advance(ms),
        now: () => clock.now(),
        damage: (digest) => folder.damage(digest),
        dispose: () => folder.remove(),
      };
    },
  },
  { describe, it },
);
