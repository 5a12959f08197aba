import { type LoadedWorkflow, WorkflowNotFoundError, type WorkflowRecord, type WorkflowRow } from "wfe-core";
import { checkText } from "./arguments.ts";
import type { HostServices } from "./host-services.ts";

/** Finds instances by id or name. */
export class InstanceLookup {
  readonly #services: Pick<HostServices, "persistence">;

  constructor(services: Pick<HostServices, "persistence">) {
    this.#services = services;
  }

  /** @throws WorkflowNotFoundError */
  async id(idOrName: string): Promise<string> {
    const id = await this.#find(checkText(idOrName, "a workflow's id or name"));
    if (id === undefined) throw new WorkflowNotFoundError(idOrName);
    return id;
  }

  /** What no instance has is given as it is: one may come with this id. */
  async idOrSame(idOrName: string): Promise<string> {
    return (await this.#find(idOrName)) ?? idOrName;
  }

  /** With its open pointers, and what was delivered to it. @throws WorkflowNotFoundError */
  async loaded(idOrName: string): Promise<LoadedWorkflow> {
    const { persistence } = this.#services;
    const id = checkText(idOrName, "a workflow's id or name");
    const found = (await persistence.loadForPass(id)) ?? (await persistence.loadForPass((await this.record(id)).id));
    if (found === undefined) throw new WorkflowNotFoundError(idOrName);
    return found;
  }

  /** Without the pointers that have ended, which may be many. @throws WorkflowNotFoundError */
  async row(idOrName: string): Promise<WorkflowRow> {
    const id = checkText(idOrName, "a workflow's id or name");
    return (await this.#services.persistence.loadForPass(id))?.row ?? this.record(id);
  }

  /** @throws WorkflowNotFoundError */
  async record(idOrName: string): Promise<WorkflowRecord> {
    const { persistence } = this.#services;
    const found =
      (await persistence.getWorkflowInstance(checkText(idOrName, "a workflow's id or name"))) ??
      (await persistence.getWorkflowInstanceByName(idOrName));
    if (found === undefined) throw new WorkflowNotFoundError(idOrName);
    return found;
  }

  async #find(idOrName: string): Promise<string | undefined> {
    const { persistence } = this.#services;
    const [known] = await persistence.readSignals([idOrName]);
    return known === undefined ? (await persistence.getWorkflowInstanceByName(idOrName))?.id : idOrName;
  }
}
