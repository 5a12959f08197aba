import type { PointerRow } from "../../../src/index.ts";
import { type Fate, fateOfUndo } from "./fates.ts";
import type { Findings } from "./findings.ts";
import { endOf, isOpenPointer, shown } from "./record.ts";
import type { SagaNode, Undo } from "./tree.ts";

/** The pointers of a saga that one run of its block has made: from one `seq` on, and before another. */
export interface SagaRun {
  readonly from: number;
  readonly before: number;
}

/** What is undone, in which order, and by what. */
export class Undoing {
  readonly #found: Findings;

  constructor(found: Findings) {
    this.#found = found;
  }

  /** The failure that a run of a saga is undone for. */
  failureOf(saga: PointerRow, { from, before }: SagaRun): PointerRow | undefined {
    const failed = this.#found.failures.filter(({ pointer: { seq }, saga: of }) => of === saga && seq >= from && seq < before);
    return failed.map(({ pointer }) => pointer).toSorted((a, b) => endOf(a) - endOf(b))[0];
  }

  /** Whether one of these containers is a saga that was failing at that moment. */
  isFailing(containers: readonly PointerRow[], end: number): boolean {
    return this.#found.failures.some(({ pointer, saga }) => saga !== undefined && containers.includes(saga) && endOf(pointer) <= end);
  }

  /** A step outside of sagas undoes itself. @returns The pointer at which that has stopped, if it has. */
  undoesItself(pointer: PointerRow, undo: Undo): PointerRow | undefined {
    const group = this.#found.record.undoing(pointer).filter(({ scope }) => String(scope) === String(pointer.scope));
    if (group.length === 0) this.#found.fault(`nothing undoes ${shown(pointer)}`);
    const isDone = this.#group(pointer, undo, group, true);
    return isDone ? undefined : group.at(-1);
  }

  /** Looks at what has undone a run of a saga. @returns Whether all of it is done. */
  undone(saga: PointerRow, node: SagaNode, run: SagaRun, failed: PointerRow): boolean {
    const { record, fault } = this.#found;
    const groups = new Map<PointerRow, PointerRow[]>();
    for (const pointer of record.pointers) {
      const of = pointer.compensates === undefined ? undefined : record.pointer(pointer.compensates);
      if (of === undefined || pointer.scope.at(-1) !== saga.id || pointer.seq < run.from || pointer.seq >= run.before) continue;
      groups.set(of, [...(groups.get(of) ?? []), pointer]);
    }
    const expected = this.#toUndo(saga, node, run, failed);
    const undone = [...groups.keys()];
    const wrong = undone.find((pointer, at) => pointer !== expected[at]);
    const order = (pointers: readonly PointerRow[]): string => pointers.map(({ stepName = "", id }) => `${stepName} (${id})`).join(", ");
    if (wrong !== undefined) fault(`${shown(saga)} has undone ${order(undone)}, and not ${order(expected)}`);
    let after = endOf(failed);
    let isDone = true;
    for (const [of, group] of groups) {
      if ((group[0]?.seq ?? 0) < after || !isDone) fault(`${shown(of)} is undone before its turn`);
      isDone = this.#group(of, this.#undoOf(of) ?? { as: "fn" }, group) && isDone;
      after = Math.max(...group.map(endOf));
    }
    if (isDone && undone.length < expected.length) {
      const isCut = saga.status === "cancelled" || record.row.status === "terminated" || isOpenPointer(saga);
      if (!isCut) fault(`${shown(saga)} has not undone ${order(expected.slice(undone.length))}`);
      return false;
    }
    return isDone;
  }

  #undoOf(pointer: PointerRow): Undo | undefined {
    const node = this.#found.nodes.get(pointer);
    return node !== undefined && "undo" in node ? node.undo : undefined;
  }

  /** What a run of a saga undoes, in order. */
  #toUndo(saga: PointerRow, node: SagaNode, { from, before }: SagaRun, failed: PointerRow): readonly PointerRow[] {
    const { record, nodes } = this.#found;
    const others = record.pointers.filter((pointer) => {
      const isInside = pointer.scope.includes(saga.id) && pointer.seq >= from && pointer.seq < before;
      if (!isInside || pointer === failed || pointer.attempt < 1 || pointer.endSeq === undefined) return false;
      if (pointer.compensates !== undefined || this.#undoOf(pointer) === undefined) return false;
      // By the saga within, which has failed before.
      const byOthers = record
        .undoing(pointer)
        .filter(({ scope }) => scope.at(-1) !== saga.id && record.pointer(scope.at(-1) ?? "")?.scope.includes(saga.id));
      if (byOthers.some(({ status }) => status === "complete")) return false;
      const sagas = pointer.scope.slice(pointer.scope.indexOf(saga.id) + 1).map((id) => record.pointer(id));
      return !sagas.some((inner) => {
        const of = inner === undefined ? undefined : nodes.get(inner);
        return inner !== undefined && of?.kind === "saga" && of.undo !== undefined && this.#hasFinished(inner, failed);
      });
    });
    const first = nodes.get(failed)?.kind !== "saga" && this.#undoOf(failed) !== undefined ? [failed] : [];
    const last = node.undo === undefined ? [] : [saga];
    return [...first, ...others.toSorted((a, b) => endOf(b) - endOf(a)), ...last];
  }

  /** Whether a saga had come to a good end before the failure that it is undone for: later it can only have been cancelled. */
  #hasFinished(saga: PointerRow, failed: PointerRow): boolean {
    return saga.status === "complete" || (saga.status === "compensated" && saga.error === undefined && endOf(saga) < endOf(failed));
  }

  /** The pointers of one compensator. @returns Whether it has ended. */
  #group(of: PointerRow, undo: Undo, group: readonly PointerRow[], byItself = false): boolean {
    const { record, fault, names, nodes } = this.#found;
    const node = nodes.get(of);
    if (node === undefined) return false;
    const name = `${names.of(node)}undo`;
    const steps = undo.as === "sequence" ? [name, `${name}delay`, `${name}end`] : [name];
    const fate = fateOfUndo(undo, this.#found.byDefault);
    for (const [at, pointer] of group.entries()) {
      this.#found.explain(pointer);
      if (pointer.stepName !== steps[at]) fault(`${shown(pointer)} undoes ${shown(of)}, and ${steps[at] ?? "nothing more"} was to`);
      if (pointer.status === "complete") {
        if (at === 0 && !fate.mayComplete) fault(`${shown(pointer)} has failed for good, and is complete`);
        const errors = record.errors(pointer);
        if (errors !== undefined && at === 0 && fate.forGood === undefined && errors < fate.failures) {
          fault(`${shown(pointer)} has ${errors} errors, not ${fate.failures}`);
        }
        const isNoted = undo.as === "class" || (undo.as === "sequence" && at !== 1);
        if (isNoted) this.#found.writes(pointer);
        continue;
      }
      this.#checkStopped(pointer, of, fate, byItself);
      return false;
    }
    return group.length === steps.length;
  }

  /** A compensator that has not come to its end: it was cancelled with what is around it, or the instance stands still. */
  #checkStopped(pointer: PointerRow, of: PointerRow, fate: Fate, byItself: boolean): void {
    const { record, fault, failures } = this.#found;
    const { status } = record.row;
    if (pointer.status === "failed") {
      if (fate.forGood === undefined) fault(`${shown(pointer)} is not to fail for good`);
      else failures.push({ pointer, forGood: fate.forGood, saga: undefined });
    }
    const around = of.scope.flatMap((id) => record.pointer(id) ?? []);
    const isCancelled =
      byItself || record.hasEnded || around.some((container) => container.status === "cancelled") || this.isFailing(around, endOf(pointer));
    const mayStop = status === "terminated" || (pointer.status === "cancelled" ? isCancelled : isOpenPointer(pointer) && status === "suspended");
    if (!mayStop) fault(`${shown(pointer)} does not undo ${shown(of)}`);
  }
}
