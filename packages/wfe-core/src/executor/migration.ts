import type { MigratedPointer, MigrateOptions, MigrationFault, MigrationFaultReason } from "../models/migration.ts";
import { LEFT_BEHIND, type PointerRow } from "../models/pointer-row.ts";
import type { StepDefinition } from "../models/step-definition.ts";
import type { WorkflowRecord } from "../models/workflow-row.ts";
import { isOpen } from "../models/workflow-status.ts";
import { runsBody } from "../primitives/primitives.ts";
import type { AnyDefinition } from "../traits/workflow-registry.ts";
import { compiled, type CompiledDefinition } from "./compiled-definition.ts";
import { obstacleTo } from "./counterpart-check.ts";
import { shownStep, StepCounterparts } from "./step-counterparts.ts";

/** What a migration makes of the pointers of an instance. */
export interface PointerMigration {
  /** Those that change, whole rows. */
  readonly pointers: readonly PointerRow[];
  /** Open ones, and those that compensation may have to undo, in order of creation. */
  readonly moved: readonly MigratedPointer[];
  /** Nothing may be written when there is any. */
  readonly faults: readonly MigrationFault[];
}

/**
 * Works out where the pointers of an instance stand in another definition, and all that is in the way of it.
 *
 * @param from - The definition that the instance belongs to; `undefined` where nobody knows it.
 */
export function migratePointers(
  record: WorkflowRecord,
  from: AnyDefinition | undefined,
  to: AnyDefinition,
  options: Pick<MigrateOptions, "steps" | "allowLostCompensation" | "interruptRunning">,
): PointerMigration {
  const migration = new Migration(record, from === undefined ? undefined : compiled(from), compiled(to), options);
  for (const pointer of record.pointers) {
    if (isOpen(pointer.status)) migration.open(pointer);
    else migration.closed(pointer);
  }
  return migration;
}

class Migration implements PointerMigration {
  readonly pointers: PointerRow[] = [];
  readonly moved: MigratedPointer[] = [];
  readonly faults: MigrationFault[];
  readonly #record: WorkflowRecord;
  readonly #options: Pick<MigrateOptions, "allowLostCompensation" | "interruptRunning">;
  readonly #to: CompiledDefinition;
  readonly #counterparts: StepCounterparts;
  readonly #byId: ReadonlyMap<string, PointerRow>;
  /** Ids of pointers in which something is open directly. */
  readonly #containers: ReadonlySet<string | undefined>;
  /** Ids of pointers that open ones undo. */
  readonly #undone: ReadonlySet<string | undefined>;
  /** Ids of open sagas. */
  readonly #sagas: ReadonlySet<string>;

  constructor(
    record: WorkflowRecord,
    from: CompiledDefinition | undefined,
    to: CompiledDefinition,
    options: Pick<MigrateOptions, "steps" | "allowLostCompensation" | "interruptRunning">,
  ) {
    const open = record.pointers.filter(({ status }) => isOpen(status));
    this.#record = record;
    this.#options = options;
    this.#to = to;
    this.#counterparts = new StepCounterparts(from, to, record.pointers, options.steps ?? {});
    this.#byId = new Map(record.pointers.map((pointer) => [pointer.id, pointer]));
    this.#containers = new Set(open.map(({ scope }) => scope.at(-1)));
    this.#undone = new Set(open.map(({ compensates }) => compensates));
    this.#sagas = new Set(open.filter((pointer) => this.#old(pointer)?.kind === "saga" || this.#step(pointer)?.kind === "saga").map(({ id }) => id));
    this.faults = this.#counterparts.faults.map((message) => ({ reason: "mapping", message }));
  }

  open(pointer: PointerRow): void {
    const step = this.#found(pointer, "step");
    const from = this.#old(pointer);
    const hasChildren = this.#containers.has(pointer.id);
    const kindOfBody = from?.kind ?? step?.kind;
    const isInFlight = pointer.status === "running" && !hasChildren && kindOfBody !== undefined && runsBody(kindOfBody);
    if (isInFlight && this.#options.interruptRunning !== true) {
      this.#fault(
        pointer,
        "running",
        "is running: suspend the workflow and migrate it when the step has ended; or, with interruptRunning, it is called off and runs again",
      );
    }
    if (step === undefined) return;
    const obstacle = obstacleTo({ workflow: this.#record, pointer, hasChildren, from, to: step });
    if (obstacle !== undefined) this.#fault(pointer, obstacle.reason, `cannot go on at ${shownTarget(step)}: ${obstacle.problem}`);
    if (!this.#isInPlace(pointer, step)) {
      this.#fault(pointer, "scope", `would leave what it stands in: ${shownTarget(step)} stands somewhere else than the counterpart of that`);
    }
    this.#move(isInFlight ? { ...pointer, status: "pending" } : pointer, pointer, step);
  }

  closed(pointer: PointerRow): void {
    if (pointer.stepId === LEFT_BEHIND) return;
    const from = this.#old(pointer);
    if (this.#undone.has(pointer.id)) {
      // What undoes it goes on with its step.
      const step = this.#found(pointer, "step");
      if (step !== undefined) this.#move(pointer, pointer, step);
      return;
    }
    const step = this.#step(pointer);
    if (this.#mayBeUndone(pointer, from)) {
      const loss = this.#lossOf(pointer, from, step);
      if (loss !== undefined) this.#fault(pointer, "compensation", loss);
      else if (step !== undefined) return this.#move(pointer, pointer, step);
    }
    this.#put(pointer, pointer, step === undefined ? LEFT_BEHIND : step.id, step?.name ?? pointer.stepName);
  }

  /** Whether a saga that is open may have to undo what a finished step has done. */
  #mayBeUndone({ status, scope, attempt, endSeq, compensates }: PointerRow, from: StepDefinition | undefined): boolean {
    if (attempt === 0 || endSeq === undefined || compensates !== undefined || !scope.some((id) => this.#sagas.has(id))) return false;
    if (from !== undefined && from.compensationStep === undefined) return false;
    // What is undone already is not lost; but a saga says by that of all that is inside it that it is.
    return status !== "compensated" || from?.kind === "saga";
  }

  /** What would be lost of the compensation of a finished step. */
  #lossOf({ status }: PointerRow, from: StepDefinition | undefined, step: StepDefinition | undefined): string | undefined {
    const wayOut = "name a step with a compensator in steps, or accept the loss with allowLostCompensation";
    if (status === "compensated" && (step?.kind !== "saga" || step.compensationStep === undefined)) {
      return "was undone by its own compensator, and what is inside it would be undone again: name a saga with a compensator in steps";
    }
    if (this.#options.allowLostCompensation === true) return undefined;
    if (step === undefined) return `has finished and could not be undone: it has no counterpart; ${wayOut}`;
    if (from === undefined) return undefined; // as was said in steps
    if (step.compensationStep === undefined) return `has finished and could not be undone: ${shownTarget(step)} has no compensator; ${wayOut}`;
    if ((from.kind === "saga") !== (step.kind === "saga")) return `has finished as a ${from.kind}, and would be undone as a ${step.kind}; ${wayOut}`;
    return undefined;
  }

  /** Whether a step stands where its pointer does: in the counterpart of its container, or in the compensator of what it undoes. */
  #isInPlace(pointer: PointerRow, step: StepDefinition): boolean {
    const parent = this.#byId.get(pointer.scope.at(-1) ?? "");
    const owner = this.#to.ownerOf(step.id);
    const undone = pointer.compensates === undefined || parent?.compensates === pointer.compensates ? undefined : this.#byId.get(pointer.compensates);
    const holder = undone ?? parent;
    if (holder === undefined) return owner === undefined;
    const around = this.#step(holder);
    if (around === undefined) return true; // that is a fault of its own
    return owner?.step.id === around.id && owner.relation === (undone === undefined ? "block" : "compensator");
  }

  #old({ stepId }: PointerRow): StepDefinition | undefined {
    return this.#counterparts.old(stepId);
  }

  #step(pointer: PointerRow): StepDefinition | undefined {
    const found = this.#counterparts.of(pointer);
    return "step" in found ? found.step : undefined;
  }

  #found(pointer: PointerRow, reason: MigrationFaultReason): StepDefinition | undefined {
    const found = this.#counterparts.of(pointer);
    if ("step" in found) return found.step;
    this.faults.push({ reason, pointerId: pointer.id, message: `the pointer ${pointer.id} (${pointer.status}): ${found.problem}` });
    return undefined;
  }

  #fault(pointer: PointerRow, reason: MigrationFaultReason, problem: string): void {
    const { id: pointerId, status } = pointer;
    this.faults.push({ reason, pointerId, message: `the pointer ${pointerId} (${status}): ${shownStep(pointer)} ${problem}` });
  }

  #move(now: PointerRow, before: PointerRow, step: StepDefinition): void {
    const { id: pointerId, status, stepId, stepName } = before;
    this.moved.push({
      pointerId,
      status,
      from: { stepId, ...(stepName === undefined ? {} : { stepName }) },
      to: { stepId: step.id, stepName: step.name },
    });
    this.#put(now, before, step.id, step.name);
  }

  #put(now: PointerRow, before: PointerRow, stepId: number, stepName: string | undefined): void {
    if (now === before && now.stepId === stepId && now.stepName === stepName) return;
    this.pointers.push({ ...now, stepId, ...(stepName === undefined ? {} : { stepName }) });
  }
}

function shownTarget({ id, name }: StepDefinition): string {
  return shownStep({ stepId: id, stepName: name });
}
