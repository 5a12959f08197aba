// redlock 5.0.0-beta.2 has declarations, but its `exports` hide them, and they are of the driver of version 4. What is used here of it.
declare module "redlock" {
  /** What redlock needs of a client of the driver; and `eval`, when a script is not known to the server, which is seen to before redlock learns of it. */
  export interface RedlockClient {
    evalsha(hash: string, keyCount: number, args: readonly (string | number)[]): Promise<unknown>;
  }

  export interface RedlockSettings {
    readonly driftFactor: number;
    readonly retryCount: number;
  }

  export interface RedlockScripts {
    readonly acquireScript: (script: string) => string;
    readonly releaseScript: (script: string) => string;
  }

  export class Lock {
    readonly value: string;
    constructor(redlock: Redlock, resources: string[], value: string, attempts: readonly never[], expiration: number);
    release(): Promise<unknown>;
    extend(duration: number): Promise<Lock>;
  }

  export default class Redlock {
    readonly scripts: Readonly<Record<"acquireScript" | "extendScript" | "releaseScript", { readonly value: string; readonly hash: string }>>;
    constructor(clients: Iterable<RedlockClient>, settings: RedlockSettings, scripts: RedlockScripts);
    acquire(resources: string[], duration: number): Promise<Lock>;
  }
}
