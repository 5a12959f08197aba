import {
  type DistributedLockProvider,
  EXPLAINED_AT_MOST,
  type ExplainedPointer,
  type InstanceReason,
  isFinal,
  isOpen,
  knownDefinition,
  type LeaseState,
  type LoadedWorkflow,
  type PointerRow,
  standingOf,
  type WorkflowExplanation,
  type WorkflowInspection,
  type WorkflowRow,
} from "wfe-core";
import { explainedError, unreadable } from "./explained-error.ts";
import { explainPointer } from "./explained-pointer.ts";
import { summaryOf } from "./explanation-summary.ts";
import { type HostServices, warn } from "./host-services.ts";
import type { InstanceLookup } from "./instance-lookup.ts";
import { unknownDefinitionOf } from "./unknown-definition.ts";
import { instanceWayOut, pointerWayOut } from "./way-out.ts";

/** What only a host knows: who works on an instance. */
export interface HostSight {
  readonly locks: DistributedLockProvider;
  /** Whether a pass over the instance runs on this very host. */
  has(id: string): boolean;
}

/** Open pointers in the order in which they tell most, and how many stand in each container. */
interface OpenPointersSeen {
  readonly inOrder: readonly PointerRow[];
  readonly inside: ReadonlyMap<string, number>;
}

/** Says why instances do not move: `explain` of a client. Reads alone, and takes no lease. */
export class WorkflowExplainer {
  readonly #services: HostServices;
  readonly #lookup: InstanceLookup;
  readonly #host: HostSight | undefined;

  /** @param host - Absent for a client, which has no lock provider and runs no steps. */
  constructor(services: HostServices, lookup: InstanceLookup, host: HostSight | undefined) {
    this.#services = services;
    this.#lookup = lookup;
    this.#host = host;
  }

  /** @throws WorkflowNotFoundError */
  async explain(idOrName: string): Promise<WorkflowExplanation> {
    const loaded = await this.#lookup.loaded(idOrName);
    const { row, pointers = [] } = loaded;
    const now = new Date(this.#services.clock.now());
    const open = isFinal(row.status) ? { inOrder: [], inside: new Map<string, number>() } : seen(pointers);
    const shown = open.inOrder.slice(0, EXPLAINED_AT_MOST);
    const lease = isFinal(row.status) ? ({ kind: "free" } as const) : await this.#lease(row.id);
    const inspection = await this.#services.persistence.inspectWorkflow(row.id, {
      pointerIds: shown.map(({ id }) => id),
      workflowIds: shown.flatMap((pointer) => this.#childOf(row, pointer)),
    });
    const facts = {
      row,
      payloads: this.#services.payloads,
      now,
      definition: knownDefinition(this.#services.registry, row),
      inspection,
      openInside: open.inside,
      isFree: lease.kind === "free",
    };
    const explained = shown.map((pointer) => withWayOut(explainPointer(facts, pointer), row.name));
    const reasons = this.#reasons(loaded, open.inOrder, { inspection, lease, now });
    const explanation: Omit<WorkflowExplanation, "summary"> = {
      id: row.id,
      name: row.name,
      definitionId: row.definitionId,
      version: row.version,
      status: row.status,
      at: now,
      reasons,
      openPointers: open.inOrder.length,
      pointers: explained,
      lease,
      ...this.#nextLook(row, now),
      unblock: waysOut(row, reasons, explained),
    };
    return { ...explanation, summary: summaryOf(explanation) };
  }

  async #lease(id: string): Promise<LeaseState> {
    const host = this.#host;
    if (host === undefined) return { kind: "unknown", why: "noLockProvider" };
    if (host.locks.inspect === undefined) return { kind: "unknown", why: "noCapability" };
    try {
      const holder = await host.locks.inspect(id);
      return holder === undefined ? { kind: "free" } : { kind: "held", here: host.has(id), ...holder };
    } catch (error) {
      // What the store of the workflows knows is told all the same.
      warn(this.#services, `who works on the workflow ${id} could not be asked`, error);
      return { kind: "unknown", why: "unreachable" };
    }
  }

  #childOf(row: WorkflowRow, pointer: PointerRow): readonly string[] {
    if (pointer.status !== "waitingForEvent") return [];
    const standing = standingOf(row, pointer, this.#services.payloads);
    return standing.kind === "child" ? [standing.childId] : [];
  }

  #reasons(
    { row, deliveries }: LoadedWorkflow,
    open: readonly PointerRow[],
    { inspection, lease, now }: { readonly inspection: WorkflowInspection; readonly lease: LeaseState; readonly now: Date },
  ): readonly InstanceReason[] {
    const { payloads, registry } = this.#services;
    const { status, completedAt = now, dueAt } = row;
    const reasons: InstanceReason[] = [];
    if (status === "complete" || status === "terminated") {
      const error = explainedError(row.error, payloads);
      return [{ kind: "over", status, since: completedAt, ...(error === undefined ? {} : { error }) }];
    }
    if (status === "suspended") reasons.push(this.#suspension(row, open));
    const unknown = this.#host === undefined ? undefined : unknownDefinitionOf(registry, row, open, payloads);
    if (unknown !== undefined) reasons.push({ kind: "unknownDefinition", definition: unknown });
    if (deliveries.length > 0) {
      const events = deliveries.slice(0, EXPLAINED_AT_MOST).map(({ eventId, pointerId }) => ({ eventId, pointerId }));
      reasons.push({ kind: "delivered", count: deliveries.length, events });
    }
    for (const { name, executeAt } of inspection.commands) reasons.push({ kind: "command", command: name, executeAt });
    // What is due at once is stored with an instant that is past on every clock.
    if (status === "runnable" && dueAt !== undefined && dueAt <= now && lease.kind !== "held")
      reasons.push({ kind: "due", since: dueAt > row.createdAt ? dueAt : row.createdAt });
    return reasons;
  }

  /** An error of the instance may be older than a command that has suspended it: then nothing in it has failed and is open. */
  #suspension(row: WorkflowRow, open: readonly PointerRow[]): InstanceReason {
    const { payloads } = this.#services;
    const failed = open.filter((pointer) => pointer.status === "failed" || this.#isToBeUndone(row, pointer));
    const [first] = failed;
    const error = explainedError(row.error ?? first?.error, payloads);
    if (first === undefined || error === undefined) return { kind: "suspended", by: "command" };
    const ended = failed.flatMap(({ endedAt }) => endedAt ?? []).toSorted((a, b) => a.getTime() - b.getTime());
    return { kind: "suspended", by: "error", error, ...(ended[0] === undefined ? {} : { since: ended[0] }) };
  }

  #isToBeUndone(row: WorkflowRow, pointer: PointerRow): boolean {
    try {
      const standing = standingOf(row, pointer, this.#services.payloads);
      return standing.kind === "compensation" && standing.phase === "suspended";
    } catch (error) {
      if (unreadable(error) === undefined) throw error;
      return false;
    }
  }

  #nextLook({ status, dueAt }: WorkflowRow, now: Date): Pick<WorkflowExplanation, "nextLook"> {
    if (status !== "runnable" || dueAt === undefined) return {};
    const at = dueAt > now ? dueAt : now;
    return { nextLook: { at, atLatest: new Date(at.getTime() + this.#services.options.sweepIntervalMs) } };
  }
}

function seen(pointers: readonly PointerRow[]): OpenPointersSeen {
  const inside = new Map<string, number>();
  // A load has closed ones, too, that open ones undo.
  const open = pointers.filter(({ status }) => isOpen(status));
  for (const { scope } of open) {
    const container = scope.at(-1);
    if (container !== undefined) inside.set(container, (inside.get(container) ?? 0) + 1);
  }
  const rank = ({ id, status }: PointerRow): number => (status === "failed" ? 0 : inside.has(id) ? 2 : 1);
  return { inside, inOrder: open.toSorted((a, b) => rank(a) - rank(b) || a.seq - b.seq) };
}

function withWayOut(pointer: ExplainedPointer, name: string): ExplainedPointer {
  const unblock = pointerWayOut(pointer.reason, name);
  return unblock === undefined ? pointer : { ...pointer, unblock };
}

/** Each once. While it is suspended nothing but its resumption counts. */
function waysOut(row: WorkflowRow, reasons: readonly InstanceReason[], pointers: readonly ExplainedPointer[]): readonly string[] {
  const ofInstance = reasons.flatMap((reason) => instanceWayOut(reason, row.name, row.parent !== undefined) ?? []);
  const ofPointers = row.status === "suspended" ? [] : pointers.flatMap(({ unblock }) => unblock ?? []);
  return [...new Set([...ofInstance, ...ofPointers])];
}
