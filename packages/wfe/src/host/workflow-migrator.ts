import {
  type AnyDefinition,
  artifactRefsIn,
  checkedDefinition,
  type DefinitionKey,
  DUE_AT_ONCE,
  isThenable,
  isWfeError,
  knownDefinition,
  type MigrateOptions,
  MigrationError,
  type MigrationFault,
  type MigrationPlan,
  migratePointers,
  type PointerRow,
  shownDefinition,
  type WorkflowRecord,
  writeLog,
} from "wfe-core";
import { checkDefinition, shown } from "./arguments.ts";
import type { HostServices } from "./host-services.ts";
import type { InstanceLookup } from "./instance-lookup.ts";
import type { WorkflowStarter } from "./workflow-starter.ts";

/** How often it is tried with an instance that others move meanwhile. */
const MOST_TRIES = 20;

/** What is to be written. */
interface Migration {
  readonly plan: MigrationPlan;
  readonly pointers: readonly PointerRow[];
  /** Encoded; `undefined`: they stay. */
  readonly data: string | undefined;
}

/** Takes instances to other versions of their definitions: each by one commit, without the lease. */
export class WorkflowMigrator {
  readonly #services: HostServices;
  readonly #lookup: InstanceLookup;
  readonly #starter: Pick<WorkflowStarter, "known" | "definition">;
  readonly #changed: (workflowId: string) => void;

  /** @param changed - Looks at an instance, as it may go on. */
  constructor(
    services: HostServices,
    lookup: InstanceLookup,
    starter: Pick<WorkflowStarter, "known" | "definition">,
    changed: (workflowId: string) => void,
  ) {
    this.#services = services;
    this.#lookup = lookup;
    this.#starter = starter;
    this.#changed = changed;
  }

  /** @throws WorkflowNotFoundError, DefinitionNotFoundError, DefinitionExistsError, MigrationError */
  async migrate(idOrName: string, to: unknown, options: MigrateOptions): Promise<MigrationPlan> {
    checkMigrateOptions(options);
    const source = options.from === undefined ? undefined : checkedDefinition(checkDefinition(options.from));
    const asked = typeof to === "number" ? to : this.#starter.known(checkedDefinition(checkDefinition(to)));
    const id = await this.#lookup.id(idOrName);
    for (let left = MOST_TRIES; ; left -= 1) {
      const record = await this.#lookup.record(id);
      const target = typeof asked === "number" ? this.#starter.definition(record.definitionId, asked) : asked;
      const migration = this.#planned(record, source, target, options);
      const { plan } = migration;
      if (options.dryRun === true || isSame(plan.from, plan.to)) return plan;
      if (left === 0) throw new MigrationError(id, plan.from, plan.to, [BUSY]);
      if (!(await this.#commit(record, migration))) continue;
      this.#tell(plan);
      if (record.status === "runnable") this.#changed(id);
      return { ...plan, migrated: true };
    }
  }

  /** @throws MigrationError with all faults */
  #planned(record: WorkflowRecord, source: AnyDefinition | undefined, target: AnyDefinition, options: MigrateOptions): Migration {
    const from: DefinitionKey = { id: record.definitionId, version: record.version, fingerprint: record.fingerprint };
    const to: DefinitionKey = { id: target.id, version: target.version, fingerprint: target.fingerprint };
    const plan: MigrationPlan = { workflowId: record.id, from, to, migrated: false, pointers: [] };
    if (isSame(from, to)) return { plan, pointers: [], data: undefined };
    const general = [...overFaults(record), ...targetFaults(from, to), ...sourceFaults(from, source)];
    if (general.length > 0) throw new MigrationError(record.id, from, to, general);
    const { pointers, moved, faults } = migratePointers(record, source ?? knownDefinition(this.#services.registry, record), target, options);
    const data = this.#data(record, options);
    const all = "fault" in data ? [...faults, data.fault] : faults;
    if (all.length > 0) throw new MigrationError(record.id, from, to, all, "cause" in data ? { cause: data.cause } : {});
    const made = "text" in data ? { data: data.value } : {};
    return { plan: { ...plan, pointers: moved, ...made }, pointers, data: "text" in data ? data.text : undefined };
  }

  #data(
    record: WorkflowRecord,
    { data }: MigrateOptions,
  ): { readonly text: string; readonly value: unknown } | { readonly fault: MigrationFault; readonly cause: unknown } | Record<never, never> {
    if (data === undefined) return {};
    const { payloads } = this.#services;
    const before = payloads.decode(record.data, "the data");
    try {
      const made = data(before as never); // as the id's type says
      if (isThenable(made)) throw new TypeError("it is asynchronous, and has to be synchronous");
      const value = payloads.stored(made, "the data");
      return { value, text: payloads.encode(value, "the data", payloads.limits.data) };
    } catch (cause) {
      const message = `the data of the new version could not be made: ${cause instanceof Error ? cause.message : String(cause)}`;
      return { fault: { reason: "data", message }, cause };
    }
  }

  /** @returns Whether it was done: others may have moved the instance meanwhile. */
  async #commit(record: WorkflowRecord, { plan, pointers, data }: Migration): Promise<boolean> {
    const { persistence, clock, entropy, artifacts } = this.#services;
    const { id, revision, controlSeq, inboxSeq, status, sequence, error } = record;
    const digests = artifacts === undefined ? [] : artifactRefsIn(plan.data);
    if (digests.length > 0) await artifacts?.pin(digests, id);
    try {
      await persistence.persistWorkflow(
        {
          workflowId: id,
          commitId: entropy.id(),
          expected: { revision, controlSeq },
          seenInboxSeq: inboxSeq,
          status,
          definition: { version: plan.to.version, fingerprint: plan.to.fingerprint },
          ...(data === undefined ? {} : { data }),
          sequence,
          // Suspended, it is due when it is resumed.
          ...(status === "runnable" ? { dueAt: DUE_AT_ONCE } : {}),
          ...(error === undefined ? {} : { error }),
          pointers,
          openSubscriptions: [],
          consume: [],
          closeSubscriptions: [],
          children: [],
          events: [],
          commands: [],
          errors: [],
        },
        new Date(clock.now()),
      );
      return true;
    } catch (refusal) {
      if (!isWfeError(refusal, "WFE_COMMIT_CONFLICT")) throw refusal;
      return false;
    }
  }

  #tell({ workflowId, from, to }: MigrationPlan): void {
    const message = `the workflow ${workflowId} was migrated from version ${from.version} of ${JSON.stringify(from.id)} to version ${to.version}`;
    writeLog(this.#services.log, { at: new Date(this.#services.clock.now()), level: "info", message, fields: { workflowId, from, to } });
  }
}

const BUSY: MigrationFault = {
  reason: "busy",
  message: `it has moved on each of ${MOST_TRIES} times while it was looked at: suspend it, migrate it, and resume it`,
};

function isSame(from: DefinitionKey, to: DefinitionKey): boolean {
  return from.id === to.id && from.version === to.version && from.fingerprint === to.fingerprint;
}

function overFaults({ status }: WorkflowRecord): readonly MigrationFault[] {
  if (status === "runnable" || status === "suspended") return [];
  return [{ reason: "over", message: `it is ${status}: only runnable and suspended workflows are migrated` }];
}

function targetFaults(from: DefinitionKey, to: DefinitionKey): readonly MigrationFault[] {
  if (from.id === to.id) return [];
  return [
    { reason: "definition", message: `its definition is ${JSON.stringify(from.id)}: it cannot become an instance of ${JSON.stringify(to.id)}` },
  ];
}

function sourceFaults(own: DefinitionKey, given: DefinitionKey | undefined): readonly MigrationFault[] {
  if (given === undefined || isSame(own, given)) return [];
  return [{ reason: "definition", message: `from is ${shownDefinition(given)}, which is not what it belongs to` }];
}

/** @throws TypeError for an option that cannot be, or that does not exist: a misspelled one would be left out without a word. */
function checkMigrateOptions(options: MigrateOptions): void {
  const { steps, data, from: _, allowLostCompensation, interruptRunning, dryRun, ...unknown } = options;
  const [strange] = Object.keys(unknown);
  if (strange !== undefined) throw new TypeError(`a migration has no option ${shown(strange)}`);
  if (steps !== undefined && (typeof steps !== "object" || (steps as typeof steps | null) === null))
    throw new TypeError(`steps must be an object that leads from steps to their counterparts: got ${shown(steps)}`);
  for (const [step, target] of Object.entries(steps ?? {}))
    if (typeof target !== "string" && typeof target !== "number")
      throw new TypeError(`steps has ${shown(target)} for ${shown(step)}: a counterpart is an id, a name or a number`);
  if (data !== undefined && typeof data !== "function") throw new TypeError(`data must be a function: got ${shown(data)}`);
  for (const [name, value] of Object.entries({ allowLostCompensation, interruptRunning, dryRun }))
    if (value !== undefined && typeof value !== "boolean") throw new TypeError(`${name} must be true or false: got ${shown(value)}`);
}
