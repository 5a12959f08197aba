import type { Providers } from "../../src/index.ts";

/** Counts the calls a host makes to its ports, and loses the host at one of them. */
export class CrashPoint {
  /** Calls so far. */
  calls = 0;
  /** What was called, in order: names the points of a run. */
  readonly log: string[] = [];
  /** Calls count, and the host can be lost, once it has been started. */
  armed = false;
  readonly at: number;
  readonly when: "before" | "after";
  #crashed = false;

  /**
   * @param at - The call at which the host is lost, from 1; 0 for none.
   * @param when - Whether the call has its effect before the host is lost.
   */
  constructor(at: number, when: "before" | "after") {
    this.at = at;
    this.when = when;
  }

  get crashed(): boolean {
    return this.#crashed;
  }

  /** Calls a port; once the host is lost no call is ever answered, as none is to a process that is gone. */
  async call<T>(name: string, call: () => Promise<T>): Promise<T> {
    if (this.#crashed) return new Promise<never>(() => undefined);
    if (!this.armed) return call();
    this.calls += 1;
    this.log.push(name);
    const isHere = this.calls === this.at;
    if (isHere && this.when === "before") return this.#crash();
    const answer = await call();
    if (isHere && this.armed) return this.#crash();
    // The host may have been lost while this call was under way: its answer finds nobody.
    return this.#crashed ? new Promise<never>(() => undefined) : answer;
  }

  #crash(): Promise<never> {
    this.#crashed = true;
    return new Promise<never>(() => undefined);
  }
}

/** Providers whose every call is a point at which the host may be lost. */
export function crashingProviders(providers: Providers, point: CrashPoint): Providers {
  return {
    persistence: crashing("persistence", providers.persistence, point),
    locks: crashing("locks", providers.locks, point),
    queue: crashing("queue", providers.queue, point),
  };
}

function crashing<T extends object>(port: string, target: T, point: CrashPoint): T {
  return new Proxy(target, {
    get: (object, property) => {
      const member: unknown = Reflect.get(object, property, object);
      if (typeof member !== "function" || typeof property !== "string") return member;
      const method = member.bind(object) as (...args: unknown[]) => unknown;
      // Starting and stopping is not part of a pass.
      if (property === "start" || property === "stop" || property === "ensureStoreExists") return method;
      return (...args: unknown[]) =>
        point.call(`${port}.${property}`, async () => {
          const answer = await method(...args);
          return isLease(answer)
            ? crashing("lease", answer, point)
            : Array.isArray(answer)
              ? answer.map((item: unknown) => (isItem(item) ? crashing("item", item, point) : item))
              : answer;
        });
    },
  });
}

function isLease(value: unknown): value is object {
  return typeof value === "object" && value !== null && "extend" in value && "release" in value;
}

function isItem(value: unknown): value is object {
  return typeof value === "object" && value !== null && "ack" in value && "retry" in value;
}
