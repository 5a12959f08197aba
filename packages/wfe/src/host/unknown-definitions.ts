import { type DefinitionKey, type PassEnd, type UnknownDefinition, writeLog } from "wfe-core";
import type { HostServices } from "./host-services.ts";
import { unknownDefinitionOf, unknownDefinitionText, unknownDefinitionWayOut } from "./unknown-definition.ts";

/** Instances remembered at most, of all definitions together; the one seen longest ago is forgotten first. */
const REMEMBERED_INSTANCES = 10_000;
/** Definitions remembered at most; one that is forgotten is logged again when it is seen again. */
const REMEMBERED_DEFINITIONS = 1_000;

/** An instance that this host cannot work on. */
type Unknown = Pick<Extract<PassEnd, { kind: "unknownDefinition" }>, "row" | "pointers">;

/** How many instances of a definition were seen that is not known here. */
export interface UnknownInstances extends DefinitionKey {
  /** Different ones; of very many, those that are remembered. */
  readonly instances: number;
}

/**
 * The instances that came by this host and were left to others, because it does not know their definitions: the first of each definition is
 * logged, with what differs, and all are counted. The memory is bounded.
 */
export class UnknownDefinitions {
  readonly #services: Pick<HostServices, "log" | "clock" | "registry" | "payloads" | "metrics">;
  /** Ids by definition, in the order in which definitions were first seen. */
  readonly #definitions = new Map<string, { readonly key: DefinitionKey; readonly instances: Set<string> }>();
  /** The definition of each instance, the one seen longest ago first. */
  readonly #instances = new Map<string, string>();

  constructor(services: Pick<HostServices, "log" | "clock" | "registry" | "payloads" | "metrics">) {
    this.#services = services;
  }

  /** An instance was left to others. */
  saw({ row, pointers }: Unknown): void {
    const { registry, payloads, metrics } = this.#services;
    const { id, definitionId, version, fingerprint } = row;
    const text = JSON.stringify([definitionId, version, fingerprint]);
    let seen = this.#definitions.get(text);
    if (seen === undefined) {
      seen = { key: { id: definitionId, version, fingerprint }, instances: new Set() };
      this.#definitions.set(text, seen);
      // Registered this moment: then there is nothing to tell, and the next look finds it.
      const unknown = unknownDefinitionOf(registry, row, pointers, payloads);
      if (unknown !== undefined) this.#log(unknown, row.name);
      if (this.#definitions.size > REMEMBERED_DEFINITIONS) this.#forgetOldestDefinition();
    }
    if (!seen.instances.has(id)) metrics?.record({ kind: "unknownDefinitionSeen", definitionId, version, fingerprint });
    this.known(id);
    seen.instances.add(id);
    this.#instances.set(id, text);
    const [oldest] = this.#instances.size > REMEMBERED_INSTANCES ? this.#instances.keys() : [];
    if (oldest !== undefined) this.known(oldest);
  }

  /** An instance was worked on here, or is no more: it counts no longer. */
  known(id: string): void {
    const text = this.#instances.get(id);
    if (text === undefined) return;
    this.#instances.delete(id);
    this.#definitions.get(text)?.instances.delete(id);
  }

  /** What was seen and is still not known here, in the order in which it was first seen; a definition that was registered since is left out. */
  get seen(): readonly UnknownInstances[] {
    return [...this.#definitions.values()]
      .filter(
        ({ key, instances }) => instances.size > 0 && this.#services.registry.getDefinition(key.id, key.version)?.fingerprint !== key.fingerprint,
      )
      .map(({ key, instances }) => ({ ...key, instances: instances.size }));
  }

  #forgetOldestDefinition(): void {
    const [oldest] = this.#definitions;
    if (oldest === undefined) return;
    for (const id of oldest[1].instances) this.#instances.delete(id);
    this.#definitions.delete(oldest[0]);
  }

  #log(unknown: UnknownDefinition, name: string): void {
    const { log, clock } = this.#services;
    const message = `the workflow ${name} is left to other hosts: ${unknownDefinitionText(unknown)}; if none knows it, ${unknownDefinitionWayOut(unknown)}`;
    writeLog(log, { at: new Date(clock.now()), level: "warn", message, fields: { definition: unknown } });
  }
}
