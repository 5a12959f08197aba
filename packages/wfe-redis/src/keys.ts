const KEY_PREFIX = /^[A-Za-z0-9_.:-]{1,64}$/;

/** Every name that is used in a Redis. All bear one hash tag, so that a Cluster keeps them in one slot and scripts may use several. */
export interface Keys {
  /** What all of them begin with; also the prefix that BullMQ is given. */
  readonly prefix: string;
  /** Of the lease on a resource. */
  lock(resource: string): string;
  /** Channel of the lifecycle events. */
  readonly lifecycle: string;
}

/**
 * The names of a prefix.
 *
 * @throws RangeError when the prefix is of other characters, or of none.
 */
export function keysOf(keyPrefix = "wfe"): Keys {
  if (!KEY_PREFIX.test(keyPrefix)) {
    throw new RangeError(`keyPrefix must be 1 to 64 letters, digits, "_", "-", "." and ":": got ${JSON.stringify(keyPrefix)}`);
  }
  const prefix = `{${keyPrefix}}`;
  return {
    prefix,
    lock: (resource) => `${prefix}:lock:${resource}`,
    lifecycle: `${prefix}:lifecycle`,
  };
}
