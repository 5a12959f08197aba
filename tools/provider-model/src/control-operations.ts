import fc from "fast-check";
import { isFinal, type PersistenceProvider, type ScheduledCommand } from "wfe-core";
import { compared, difference, type Operation, shown, wrongChoice } from "./call.ts";
import { control, FROM } from "./commit-rules.ts";
import { addCommand, type ModelCommand, type PersistenceState } from "./persistence-state.ts";
import { ended, hasEnded, after, definition, DEFINITIONS, idOf, instanceTarget, limit, moment, reading, workflowId } from "./values.ts";
import { completedEvent, pointers, scheduledCommand } from "./workflow-values.ts";

type PersistenceOperation = Operation<PersistenceState, PersistenceProvider>;

const commandInput = fc.record({
  target: instanceTarget,
  kind: fc.constantFrom("suspend" as const, "resume" as const, "terminate" as const, "retry" as const),
  revision: fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(-1, 1, Number.NaN) }),
  completedEvent: fc.option(completedEvent, { nil: undefined, freq: 2 }),
  pointers,
  now: reading,
});

/** `command`. */
export const command: fc.Arbitrary<PersistenceOperation> = commandInput.map((input) => ({
  kind: input.kind,
  arrives: input.kind === "terminate" && input.completedEvent !== undefined,
  plan: (planned) => {
    const allowed = [...planned.instances.values()].filter(({ row }) => FROM[input.kind].includes(row.status));
    const ids = input.target.which % 4 === 1 || allowed.length === 0 ? [...planned.instances.keys()] : allowed.map(({ row }) => row.id);
    const id = idOf(input.target, ids);
    const revision = Number.isNaN(input.revision) ? undefined : (planned.instances.get(id)?.row.revision ?? 0) + input.revision;
    const options =
      input.kind === "retry"
        ? { ...(revision === undefined ? {} : { revision }), pointers: input.pointers }
        : input.kind === "terminate" && input.completedEvent !== undefined
          ? { completedEvent: input.completedEvent }
          : {};
    return {
      text: `command(${shown(id)}, ${input.kind}, ${input.now.toISOString()}, ${shown(options)})`,
      run: (provider) => provider.command(id, input.kind, input.now, options),
      judge: (state, outcome) => compared(outcome, control(state, id, input.kind, input.now, options)),
    };
  },
}));

/** `claimDueInstances`. */
export const claimDueInstances: fc.Arbitrary<PersistenceOperation> = fc
  .tuple(fc.oneof(fc.constant(DEFINITIONS), fc.array(definition, { maxLength: 2 })), reading, limit, fc.nat(3))
  .map(([definitions, asAt, most, step]) => {
    const options = { definitions, limit: most, claimUntil: after(asAt, step) };
    return {
      kind: "claimDueInstances",
      plan: () => ({
        text: `claimDueInstances(${asAt.toISOString()}, ${shown(options)})`,
        run: (provider) => provider.claimDueInstances(asAt, options),
        judge: (state, outcome, { concurrent }) => {
          const due = [...state.instances.values()]
            .filter(
              ({ row }) =>
                row.status === "runnable" &&
                row.dueAt !== undefined &&
                row.dueAt.getTime() <= asAt.getTime() &&
                definitions.some((each) => each.id === row.definitionId && each.version === row.version && each.fingerprint === row.fingerprint),
            )
            .map(({ row }) => ({ id: row.id, ms: row.dueAt?.getTime() ?? 0 }));
          if (!("answer" in outcome)) return compared(outcome, { answer: due });
          const ids = outcome.answer as readonly string[]; // of claimDueInstances
          for (const id of ids) {
            const instance = state.instances.get(id);
            if (instance !== undefined) instance.row = { ...instance.row, dueAt: options.claimUntil };
          }
          const given = ids.map((id) => due.find((each) => each.id === id));
          if (given.includes(undefined)) return `claimed ${shown(ids)}, due are ${shown(due)}`;
          const all = concurrent ? due.filter(({ id }) => ids.includes(id)) : due;
          // Which of those due at one instant comes first is open.
          return wrongChoice(all, given, { most, compare: (one, other) => (one?.ms ?? 0) - (other?.ms ?? 0) });
        },
      }),
    };
  });

/** `deleteWorkflows`. */
export const deleteWorkflows: fc.Arbitrary<PersistenceOperation> = fc
  .tuple(fc.array(workflowId, { minLength: 1, maxLength: 4 }), fc.option(ended, { nil: undefined }))
  .map(([ids, only]) => ({
    kind: "deleteWorkflows",
    plan: (_state, { concurrent }) => {
      // Whether all go at one instant is open.
      const given = concurrent ? ids.slice(0, 1) : ids;
      return {
        text: `deleteWorkflows(${shown(given)}, ${shown(only)})`,
        run: (provider) => provider.deleteWorkflows(given, only),
        judge: (state, outcome) => {
          const over = [...new Set(given)].filter((id) => {
            const row = state.instances.get(id)?.row;
            return row !== undefined && isFinal(row.status) && (only === undefined || hasEnded(row, only));
          });
          for (const id of over) {
            state.instances.delete(id);
            state.errors.delete(id);
            for (const each of [...state.subscriptions.values()]) if (each.workflowId === id) state.subscriptions.delete(each.id);
          }
          return compared(outcome, { answer: over.length });
        },
      };
    },
  }));

/** `nextDefinitionSequence`. */
export const nextDefinitionSequence: fc.Arbitrary<PersistenceOperation> = fc
  .tuple(definition, fc.constantFrom(1, 2, 50, 1, 3, 0, 1.5))
  .map(([{ id }, count]) => ({
    kind: "nextDefinitionSequence",
    plan: () => ({
      text: `nextDefinitionSequence(${shown(id)}, ${count})`,
      run: (provider) => provider.nextDefinitionSequence(id, count),
      judge: (state, outcome) => {
        if (!Number.isInteger(count) || count < 1) return compared(outcome, { refusal: { type: "RangeError" } });
        const next = state.numbers.get(id) ?? 1;
        state.numbers.set(id, next + count);
        return compared(outcome, { answer: next });
      },
    }),
  }));

/** `scheduleCommand`. */
export const scheduleCommand: fc.Arbitrary<PersistenceOperation> = scheduledCommand.map((scheduled) => ({
  kind: "scheduleCommand",
  plan: () => ({
    text: `scheduleCommand(${shown(scheduled)})`,
    run: (provider) => provider.scheduleCommand(scheduled),
    judge: (state, outcome) => {
      addCommand(state, scheduled);
      return compared(outcome, { answer: undefined });
    },
  }),
}));

const handling = fc.record({
  /** What becomes of the commands, in order of their handing over. */
  rejects: fc.array(fc.boolean(), { maxLength: 4 }),
  /** Scheduled again while it is handled. */
  again: fc.option(moment, { nil: undefined, freq: 3 }),
});

/** What handlers were given, and how many calls were said to be handled. */
interface Handled {
  readonly count: number;
  readonly given: readonly { readonly command: ScheduledCommand; readonly rejected: boolean; readonly again: Date | undefined }[];
}

/** `processCommands`, with handlers that reject, or schedule again what they have in their hands. */
export const processCommands: fc.Arbitrary<PersistenceOperation> = fc
  .tuple(reading, limit, fc.nat(3), handling)
  .map(([asAt, most, step, { rejects, again }]) => {
    const options = { limit: most, claimUntil: after(asAt, step) };
    return {
      kind: "processCommands",
      alone: true,
      plan: () => ({
        text: `processCommands(${asAt.toISOString()}, ${shown(options)}, ${shown({ rejects, again })})`,
        run: async (provider): Promise<Handled> => {
          const given: Handled["given"][number][] = [];
          const count = await provider.processCommands(asAt, options, async (handed) => {
            const turn = given.length;
            const rejected = rejects[turn] ?? false;
            const scheduled = turn === 0 ? again : undefined;
            given.push({ command: handed, rejected, again: scheduled });
            if (scheduled !== undefined) await provider.scheduleCommand({ ...handed, executeAt: scheduled });
            if (rejected) throw new Error("not handled");
          });
          return { count, given };
        },
        judge: (state, outcome) => {
          const due = [...state.commands.values()].filter(
            (each) => each.executeAt.getTime() <= asAt.getTime() && (each.claimedUntil?.getTime() ?? -Infinity) <= asAt.getTime(),
          );
          if (!("answer" in outcome)) return compared(outcome, { answer: due.length });
          const { count, given } = outcome.answer as Handled; // of run, above
          return judgeHandling(state, due, { count, given, most, claimUntil: options.claimUntil });
        },
      }),
    };
  });

function judgeHandling(
  state: PersistenceState,
  due: readonly ModelCommand[],
  { count, given, most, claimUntil }: Handled & { readonly most: number; readonly claimUntil: Date },
): string | undefined {
  const handedOver: ModelCommand[] = [];
  for (const { command: handed, rejected, again } of given) {
    const waiting = due.find((each) => each.name === handed.name && each.data === handed.data);
    if (waiting === undefined) return `handed over what is not due: ${shown(handed)}`;
    handedOver.push(waiting);
    // Of one that is handed over again it is the end of the claim.
    const fault = waiting.claimedUntil === undefined ? difference(handed.executeAt, waiting.executeAt) : undefined;
    if (fault !== undefined) return fault;
    const key = JSON.stringify([handed.name, handed.data]);
    state.commands.delete(key);
    if (rejected) {
      const executeAt = again === undefined || again.getTime() > handed.executeAt.getTime() ? handed.executeAt : again;
      state.commands.set(key, { ...handed, executeAt, claimedUntil: claimUntil });
    } else if (again !== undefined) state.commands.set(key, { ...handed, executeAt: again });
  }
  const settled = given.filter(({ rejected }) => !rejected).length;
  // Where one stands whose claim has ended is open.
  const compare = (a: ModelCommand, b: ModelCommand): number =>
    a.claimedUntil === undefined && b.claimedUntil === undefined ? a.executeAt.getTime() - b.executeAt.getTime() : 0;
  return difference({ count }, { count: settled }) ?? wrongChoice(due, handedOver, { most, compare });
}
