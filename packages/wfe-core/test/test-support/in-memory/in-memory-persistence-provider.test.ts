import { describe, it } from "vitest";
import { persistenceSuite } from "../../../src/test-support/suites/persistence-suite.ts";
import { inMemoryPersistenceTarget } from "./in-memory-targets.ts";

persistenceSuite("InMemoryPersistenceProvider", inMemoryPersistenceTarget, { describe, it });
