/** What a mutated engine is bundled with, so that all of it has one copy of each class. */
export { simulate } from "../../../src/test-support/index.ts";
export { programList } from "../program-list.ts";
