import type { PointerRow, PointerStatus, WorkflowRecord } from "../../../src/index.ts";
import type { FinalState } from "../../../src/test-support/simulation/simulated-program.ts";
import type { Data } from "./build.ts";

const OPEN: readonly PointerStatus[] = ["pending", "running", "sleeping", "waitingForEvent", "failed"];

/** What is left of one instance, as the interpreter asks for it. */
export class InstanceRecord {
  readonly row: WorkflowRecord;
  readonly data: Data & Readonly<Record<string, unknown>>;
  readonly pointers: readonly PointerRow[];
  readonly #log: ReadonlySet<string>;
  readonly #errors: readonly { readonly pointerId: string }[] | undefined;
  readonly #events: readonly { readonly pointerId: string; readonly eventId: string }[];
  readonly #byId: ReadonlyMap<string, PointerRow>;
  readonly #byPredecessor = new Map<string, PointerRow[]>();
  readonly #undoing = new Map<string, PointerRow[]>();

  constructor(row: WorkflowRecord, final: FinalState) {
    this.row = row;
    this.data = JSON.parse(row.data) as Data & Record<string, unknown>;
    this.pointers = row.pointers;
    this.#log = new Set(this.data.log.map((entry) => entry.split(" ")[0] ?? ""));
    this.#errors = final.errors?.get(row.id) ?? (final.errors === undefined ? undefined : []);
    this.#events = final.consumed.filter(({ workflowId }) => workflowId === row.id);
    this.#byId = new Map(row.pointers.map((pointer) => [pointer.id, pointer]));
    for (const pointer of row.pointers) {
      const [of, key] = pointer.compensates === undefined ? [this.#byPredecessor, pointer.predecessorId ?? ""] : [this.#undoing, pointer.compensates];
      of.set(key, [...(of.get(key) ?? []), pointer]);
    }
  }

  pointer(id: string): PointerRow | undefined {
    return this.#byId.get(id);
  }

  /** Where the chains begin that stand in a container, or in none; in order of creation. */
  entries(container: PointerRow | undefined): readonly PointerRow[] {
    return (this.#byPredecessor.get(container?.id ?? "") ?? []).filter(({ scope }) => scope.at(-1) === container?.id);
  }

  /** What follows a pointer in these containers. */
  next(pointer: PointerRow, scope: readonly string[]): PointerRow | undefined {
    return (this.#byPredecessor.get(pointer.id) ?? []).find((next) => next.scope.length === scope.length && next.scope.at(-1) === scope.at(-1));
  }

  /** The pointers that undo one, in order of creation. */
  undoing(pointer: PointerRow): readonly PointerRow[] {
    return this.#undoing.get(pointer.id) ?? [];
  }

  /** Failed attempts of a pointer; `undefined` where nobody has asked for them. */
  errors(pointer: PointerRow): number | undefined {
    return this.#errors?.filter(({ pointerId }) => pointerId === pointer.id).length;
  }

  /** Ids of the events that a pointer has used, in order. */
  events(pointer: PointerRow): readonly string[] {
    return this.#events.filter(({ pointerId }) => pointerId === pointer.id).map(({ eventId }) => eventId);
  }

  /** Whether a step has ended the workflow. */
  get hasEnded(): boolean {
    return this.pointers.some(({ stepName, status }) => stepName === "endWorkflow" && status === "complete");
  }

  /** Whether the output of a pointer has written to the log. */
  hasWritten(pointer: PointerRow): boolean {
    return this.#log.has(pointer.id);
  }
}

export function isOpenPointer({ status }: PointerRow): boolean {
  return OPEN.includes(status);
}

/** When a pointer ended, in the order of the instance; one that is open has not yet. */
export function endOf({ endSeq }: PointerRow): number {
  return endSeq ?? Number.POSITIVE_INFINITY;
}

export function shown({ id, stepName = "", status, item }: PointerRow): string {
  return `${stepName} (pointer ${id}${item === undefined ? "" : `, item ${item}`}, ${status})`;
}
