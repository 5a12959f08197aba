import { createHash } from "node:crypto";
import type { RedisConnection } from "./connection.ts";
import { isUnknownScript } from "./error-mapping.ts";
import type { RedisClient } from "./redis-options.ts";

/** A script that the server runs as one step, in which nothing else happens. It is sent whole when the server does not know it (any more). */
export class LuaScript {
  readonly #text: string;
  readonly #digest: string;

  constructor(text: string) {
    this.#text = text;
    this.#digest = createHash("sha1").update(text).digest("hex");
  }

  /**
   * Runs it, again if need be: see {@link RedisConnection.command}.
   *
   * @param keys - All in one slot.
   * @param valuesOf - Told whether it may have run before.
   * @returns The server's answer, as the script makes it.
   */
  run(connection: RedisConnection, keys: readonly string[], valuesOf: (isRepeated: boolean) => readonly (string | number)[]): Promise<unknown> {
    let isRepeated = false;
    return connection.command((client) => {
      const values = valuesOf(isRepeated);
      isRepeated = true;
      return this.#send(client, keys, values);
    });
  }

  async #send(client: RedisClient, keys: readonly string[], values: readonly (string | number)[]): Promise<unknown> {
    try {
      return await client.evalsha(this.#digest, keys.length, ...keys, ...values);
    } catch (error) {
      // After a restart, a fail-over and a SCRIPT FLUSH.
      if (!isUnknownScript(error)) throw error;
      return await client.eval(this.#text, keys.length, ...keys, ...values);
    }
  }
}
