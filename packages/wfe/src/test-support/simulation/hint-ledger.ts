import type { SimulatedProcess } from "./simulated-process.ts";
import type { Violations } from "./violations.ts";

/** How a host is about an instance: it asks for its lease, its creation, or to be rid of the lease; has the lease; works under it. */
type Stage = "asks" | "holds" | "works";

/**
 * Which host is about which instance: from its request for the lease until that is refused, or the lease is given back. Compared with what it does
 * with hints: one that is acked by somebody else has pointed at nothing, and one that is put by who works under the lease is of no use to whoever
 * takes it.
 */
export class HintLedger {
  /** By process and instance: its requests, each with how far it has come. */
  readonly #requests = new Map<SimulatedProcess, Map<string, Map<unknown, Stage>>>();
  readonly #violations: Violations;

  constructor(violations: Violations) {
    this.#violations = violations;
  }

  /** A host asks for the lease on an instance, or for its creation; has the lease; or is done with it, `undefined`. @param request - Whatever tells it from others. */
  set(process: SimulatedProcess, id: string, request: unknown, stage: Stage | undefined): void {
    const byId = this.#requests.get(process) ?? new Map<string, Map<unknown, Stage>>();
    const requests = byId.get(id) ?? new Map<unknown, Stage>();
    if (stage === undefined) requests.delete(request);
    else requests.set(request, stage);
    this.#requests.set(process, byId.set(id, requests));
  }

  /** A host reads or commits an instance: under the lease that it has had for longest. */
  works(process: SimulatedProcess, id: string): void {
    const [request] = this.#requests.get(process)?.get(id) ?? [];
    if (request !== undefined && request[1] === "holds") this.set(process, id, request[0], "works");
  }

  /**
   * A host says that a hint is done with. Where it has just taken the lease for it, it is about the instance until that is heard, however late, also
   * when its work has ended before: what comes until then it looks at behind that. Of a hint that comes meanwhile nothing is waited for.
   *
   * @returns To be told when it is heard.
   */
  acked(process: SimulatedProcess, id: string): () => void {
    const stages = this.#stages(process, id);
    this.#violations.expect(
      stages.length > 0,
      "I3",
      () => `${process.name} acks a hint for ${id}, of which it neither has the lease nor has asked for it`,
    );
    if (!stages.includes("holds")) return () => undefined;
    const ack = Symbol("ack");
    this.set(process, id, ack, "asks");
    return () => this.set(process, id, ack, undefined);
  }

  /** A host says that somebody is to look at an instance. */
  put(process: SimulatedProcess, id: string): void {
    this.#violations.expect(
      !this.#stages(process, id).includes("works"),
      "I3",
      () => `${process.name} puts a hint for ${id}, at which it works still`,
    );
  }

  #stages(process: SimulatedProcess, id: string): readonly Stage[] {
    return [...(this.#requests.get(process)?.get(id)?.values() ?? [])];
  }
}
