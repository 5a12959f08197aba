import type { EngineMutation } from "./engine-mutation.ts";

const STORE = "wfe-core/src/test-support/in-memory";

/** What a store promises, not kept. */
export const storeMutations: readonly EngineMutation[] = [
  {
    name: "a store that does not compare the revision",
    program: "retries",
    edits: [{ file: `${STORE}/in-memory-commit.ts`, from: `if (row.revision !== expected.revision) reason = "revision";\n  else if`, to: "if" }],
    caughtBy: ["I2"],
  },
  {
    name: "an event of before its bound reaches a wait",
    program: "ends",
    edits: [
      {
        file: `${STORE}/in-memory-delivery.ts`,
        from: "event.arrival > owner.createdArrival",
        to: "true",
      },
    ],
    caughtBy: ["I3", "end"],
  },
  {
    name: "a commit stores events as delivered that somebody waits for",
    program: "children",
    edits: [{ file: `${STORE}/in-memory-delivery.ts`, from: " || store.topic({ name, key }).open.size > 0", to: "" }],
    caughtBy: ["I3"],
  },
  {
    name: "a store that overwrites the due time of a delivery",
    program: "events",
    edits: [
      {
        file: `${STORE}/in-memory-commit.ts`,
        from: "const dueAt = inboxSeq > change.seenInboxSeq ? new Date(now) : change.dueAt;",
        to: "const { dueAt } = change;",
      },
    ],
    caughtBy: ["I3"],
  },
  {
    name: "a store that does not know a commit that is sent again",
    program: "retries",
    edits: [{ file: `${STORE}/in-memory-commit.ts`, from: "if (kept.row.commitId === given.commitId) return answer(kept);", to: "" }],
    caughtBy: ["I2"],
  },
  {
    name: "a command moves the revision",
    program: "branches",
    edits: [
      {
        file: `${STORE}/in-memory-control.ts`,
        from: `const { dueAt: _dueAt, ...row } = kept.row;`,
        to: `const { dueAt: _dueAt, ...former } = kept.row;\n  const row = { ...former, revision: former.revision + 1 };`,
      },
    ],
    caughtBy: ["I2"],
  },
  {
    name: "a command moves nothing that a commit expects",
    program: "branches",
    edits: [{ file: `${STORE}/in-memory-control.ts`, from: "const controlSeq = row.controlSeq + 1;", to: "const { controlSeq } = row;" }],
    caughtBy: ["I5"],
  },
];
