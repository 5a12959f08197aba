import type { EngineMutation } from "./engine-mutation.ts";

const EXECUTOR = "wfe-core/src/executor";
const PASS = `${EXECUTOR}/workflow-pass.ts`;
const BUILDER = `${EXECUTOR}/commit-builder.ts`;
const STORE = `${EXECUTOR}/store-change.ts`;
const PERSISTS = "services.persistence.persistWorkflow(change, new Date(services.clock.now())),";
const REFUSED = `return reason === "revision" || reason === "missing" ? undefined : "refused";`;

/** What a pass does with an instance, done otherwise. */
export const passMutations: readonly EngineMutation[] = [
  {
    name: "a pass that is refused for the revision takes the new one and goes on",
    program: "retries",
    edits: [
      {
        file: STORE,
        from: REFUSED,
        to: `const { current } = error as ConflictError;
    if (reason === "revision" && current !== undefined) {
      state.row = { ...state.row, revision: current.revision };
      return "refused";
    }
    ${REFUSED}`,
      },
    ],
    caughtBy: ["I1", "I4", "I5"],
  },
  {
    name: "a commit that closes a wait does not expect the inbox to be as it was",
    program: "mixed",
    edits: [
      {
        file: BUILDER,
        from: "expected: effects.closeSubscriptions.length > 0 ? { revision, controlSeq, inboxSeq } : { revision, controlSeq },",
        to: "expected: { revision, controlSeq },",
      },
    ],
    caughtBy: ["I3"],
  },
  {
    name: "a commit says that it has seen all deliveries",
    program: "events",
    edits: [{ file: BUILDER, from: "seenInboxSeq: inboxSeq,", to: "seenInboxSeq: Number.MAX_SAFE_INTEGER," }],
    caughtBy: ["I3"],
  },
  {
    name: "changed data are left out until the end",
    program: "retries",
    edits: [{ file: BUILDER, from: "if (state.dataChanged) change.data", to: "if (state.completedAt !== undefined) change.data" }],
    caughtBy: ["end"],
  },
  {
    name: "bodies start before the commit that says so is answered",
    program: "retries",
    edits: [
      {
        file: PASS,
        from: `const answer = change === undefined`,
        to: `if (change !== undefined) this.#start(scope, starting);\n        const answer = change === undefined`,
      },
      { file: PASS, from: "        this.#start(scope, starting);\n", to: "" },
    ],
    caughtBy: ["I4"],
  },
  {
    name: "bodies of a host that is lost start again without a claim",
    program: "retries",
    edits: [
      {
        file: PASS,
        from: 'fresh?.pointers.filter(({ status }) => status === "running") ?? []',
        to: `(fresh?.pointers ?? [...scope.state.open()]).filter(({ status, stepId }) => status === "running" && scope.definition.runsBody(stepId))`,
      },
      { file: PASS, from: `this.#inputs.push({ kind: "rearm" }, { kind: "takeOver" });`, to: `this.#inputs.push({ kind: "rearm" });` },
    ],
    caughtBy: ["I4"],
  },
  {
    name: "the attempt of a body that is run again is not counted",
    program: "retries",
    edits: [{ file: `${EXECUTOR}/pointer-factory.ts`, from: "attempt: pointer.attempt + 1,", to: "attempt: Math.max(1, pointer.attempt)," }],
    caughtBy: ["I4"],
  },
  {
    name: "an instance at work is due never, not at the end of the lease",
    program: "retries",
    edits: [{ file: `${EXECUTOR}/next-execution.ts`, from: "if (busy) return leaseEnd;", to: "if (busy) return undefined;" }],
    caughtBy: ["I1", "I3"],
  },
  {
    name: "bodies go on when the lease is lost",
    program: "long",
    edits: [
      { file: PASS, from: `this.#running.abort("leaseLost");`, to: "" },
      { file: PASS, from: `this.#running.abort(leaseHasEnded(this.#lease) ? "leaseLost" : this.#aborted ? "shutdown" : "superseded");`, to: "" },
    ],
    caughtBy: ["I6"],
  },
  {
    name: "a commit without an answer is taken for one that was made",
    program: "retries",
    edits: [
      {
        file: STORE,
        from: PERSISTS,
        to: `services.persistence.persistWorkflow(change, new Date(services.clock.now())).catch((error: unknown) => {
          if (!isWfeError(error) || !error.retryable) throw error;
          return { revision: change.expected.revision + 1, inboxSeq: change.seenInboxSeq, pendingDeliveries: [] };
        }),`,
      },
    ],
    caughtBy: ["I4"],
  },
  {
    name: "a commit without an answer is sent again under another id",
    program: "retries",
    edits: [
      {
        file: STORE,
        from: PERSISTS,
        to: "services.persistence.persistWorkflow({ ...change, commitId: services.entropy.id() }, new Date(services.clock.now())),",
      },
    ],
    caughtBy: ["I2"],
  },
  {
    name: "a commit that a suspension has refused is made as if nothing had been",
    program: "branches",
    edits: [
      {
        file: STORE,
        from: REFUSED,
        to: `const { current } = error as ConflictError;
    if (reason === "control" && current !== undefined) state.row = { ...state.row, controlSeq: current.controlSeq };
    ${REFUSED}`,
      },
      {
        file: PASS,
        from: `if (answer === "refused") this.#poked = true; // read what came, then decide the same inputs anew`,
        to: "",
      },
    ],
    caughtBy: ["I5"],
  },
  {
    name: "what was heard before a refused commit is forgotten",
    program: "branches",
    edits: [{ file: PASS, from: "this.#inputs = [...inputs, ...this.#inputs];", to: "" }],
    caughtBy: ["I4"],
  },
  {
    name: "a refused commit is not taken back in memory",
    program: "branches",
    edits: [{ file: STORE, from: "state.rollback();", to: "" }],
    caughtBy: ["I4", "I5"],
  },
  {
    name: "an instance that ends leaves its waits open",
    program: "ends",
    edits: [
      {
        file: `${EXECUTOR}/cancellation.ts`,
        from: "if (!takenOut(openSubscriptions, id)) closeSubscriptions.push(id);",
        to: "takenOut(openSubscriptions, id);",
      },
    ],
    caughtBy: ["I2"],
  },
  {
    name: "children outlive their parent",
    program: "ends",
    edits: [
      {
        file: `${EXECUTOR}/cancellation.ts`,
        from: "if (!takenOut(children, child)) commands.push({ name: TERMINATE_COMMAND, data: child, executeAt: now(scope) });",
        to: "",
      },
    ],
    caughtBy: ["I3"],
  },
  {
    name: "a saga is undone in the order in which it was done",
    program: "saga",
    edits: [{ file: `${EXECUTOR}/compensation-reader.ts`, from: "reading.rows.shift()", to: "reading.rows.pop()" }],
    caughtBy: ["end"],
  },
  {
    name: "what was undone before a host was lost is undone again",
    program: "saga",
    edits: [{ file: `${EXECUTOR}/compensation-reader.ts`, from: "return !wasUndone;", to: "return true;" }],
    caughtBy: ["I4", "I8", "end"],
  },
  {
    name: "an event that was used is given back",
    program: "events",
    edits: [
      {
        file: `${EXECUTOR}/wake-ups.ts`,
        from: "state.effects.consume.push({ subscriptionId: delivery.subscriptionId, eventId: delivery.eventId });",
        to: "state.effects.closeSubscriptions.push(delivery.subscriptionId);",
      },
    ],
    caughtBy: ["end"],
  },
  {
    name: "a host that loads an instance forgets its due times",
    program: "retries",
    edits: [
      {
        file: `${EXECUTOR}/open-pointers.ts`,
        from: "if (after.dueAt !== undefined &&",
        to: "if (before !== undefined && after.dueAt !== undefined &&",
      },
    ],
    caughtBy: ["I1"],
  },
  {
    name: "a host that loads an instance does not wait for its retries",
    program: "retries",
    edits: [
      {
        file: `${EXECUTOR}/pass-input.ts`,
        from: `for (const pointer of [...state.open()]) if (pointer.status === "running") takeOver(scope, pointer);`,
        to: `for (const pointer of [...state.open()]) {
        if (pointer.status === "running") takeOver(scope, pointer);
        if (pointer.status === "sleeping" && pointer.retryCount > 0) runAgain(scope, pointer);
      }`,
      },
    ],
    caughtBy: ["I1"],
  },
  {
    name: "a suspended instance goes on",
    program: "branches",
    edits: [
      { file: `${EXECUTOR}/decision.ts`, from: `if (state.status !== "runnable" || !starts) break;`, to: "if (!starts) break;" },
      {
        file: `${EXECUTOR}/decision.ts`,
        from: `  if (state.status !== "runnable") {
    state.giveBackBodies(chosen);
    return [];
  }
`,
        to: "",
      },
    ],
    caughtBy: ["I5"],
  },
  {
    name: "a suspended instance completes",
    program: "branches",
    options: { faults: { suspendAndResume: 60 } },
    edits: [
      {
        file: `${EXECUTOR}/decision.ts`,
        from: `if (state.status === "runnable" && state.openCount === 0) endInstance`,
        to: `if (state.openCount === 0) endInstance`,
      },
    ],
    caughtBy: ["I5"],
  },
  {
    name: "the idempotency key changes with the attempt",
    program: "retries",
    edits: [
      {
        file: `${EXECUTOR}/pointer-factory.ts`,
        from: "export function idempotencyKey(workflowId: string, pointer: PointerRow): string {\n  return `${workflowId}/${pointer.id}/${pointer.resultCount}`;",
        to: "export function idempotencyKey(workflowId: string, pointer: PointerRow): string {\n  return `${workflowId}/${pointer.id}/${pointer.attempt}`;",
      },
    ],
    caughtBy: ["I4"],
  },
];
