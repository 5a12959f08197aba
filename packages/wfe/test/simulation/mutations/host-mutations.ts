import type { EngineMutation } from "./engine-mutation.ts";

const HOST = "wfe/src/host";
const CONSUMER = `${HOST}/workflow-consumer.ts`;
/** The sweep finds nothing where nothing goes wrong, and some seeds are so without any faults. */
const WITHOUT_FAULTS: EngineMutation["options"] = { onlyFaults: [] };

/** What a host does with leases, hints and what it owes, done otherwise. */
export const hostMutations: readonly EngineMutation[] = [
  {
    name: "a hint is acked before its instance is looked at",
    program: "retries",
    edits: [
      {
        file: CONSUMER,
        from: "const acked = item?.ack().catch(",
        to: "const acked = before ?? Promise.resolve().catch(",
      },
      {
        file: CONSUMER,
        from: "    let again = false;\n",
        to: "    let again = false;\n    const before = item?.ack().catch(() => undefined);\n",
      },
    ],
    caughtBy: ["I3"],
  },
  {
    name: "the lease is released after the hint is put",
    program: "branches",
    edits: [
      { file: CONSUMER, from: "      await Promise.all([acked, this.#release(lease)]);\n", to: "      this.#followUps.after(id, end);\n" },
      {
        file: CONSUMER,
        from: "      this.#followUps.after(id, end);\n    } finally",
        to: "      await Promise.all([acked, this.#release(lease)]);\n    } finally",
      },
    ],
    caughtBy: ["I3"],
  },
  {
    name: "leases are not renewed",
    program: "long",
    edits: [{ file: `${HOST}/lease-keeper.ts`, from: "for (const held of this.#held.values()) void this.#renew(held);", to: "" }],
    caughtBy: ["I3"],
  },
  {
    name: "a lease is counted from the answer, not from the request",
    program: "long",
    edits: [
      {
        file: "wfe-core/src/runtime/lease.ts",
        from: "Math.max(this.#endsAt, requestedAt + this.#request.ttlMs)",
        to: "Math.max(this.#endsAt, this.#request.clock.monotonic() + this.#request.ttlMs)",
      },
    ],
    caughtBy: ["I6"],
  },
  {
    name: "the sweep leaves undelivered events",
    program: "children",
    edits: [
      {
        file: `${HOST}/sweeper.ts`,
        from: 'const events = this.#undeliveredEvents((count) => this.#found("undeliveredEvents", count));',
        to: "const events = undefined;",
      },
    ],
    caughtBy: ["I3"],
  },
  {
    name: "the sweep leaves commands that are owed",
    program: "ends",
    edits: [{ file: `${HOST}/sweeper.ts`, from: "events, this.#commands.process()", to: "events" }],
    caughtBy: ["I3"],
  },
  {
    name: "who was given an event is not told",
    program: "events",
    options: WITHOUT_FAULTS,
    edits: [
      { file: `${HOST}/event-consumer.ts`, from: "for (const id of ids) this.#dispatch(id);", to: "void ids;" },
      { file: `${HOST}/workflow-controller.ts`, from: "for (const workflowId of reached) this.#effects.changed(workflowId);", to: "" },
    ],
    caughtBy: ["I3"],
  },
  {
    name: "an instance that sleeps is left to the sweep",
    program: "retries",
    options: WITHOUT_FAULTS,
    edits: [{ file: `${HOST}/follow-ups.ts`, from: "if (end.dueAt !== undefined) this.#schedule(id, end.dueAt);", to: "" }],
    caughtBy: ["I3"],
  },
];
