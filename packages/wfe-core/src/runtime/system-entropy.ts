import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";
import type { Entropy } from "../traits/entropy.ts";

const BYTES_OF_AN_ID = 16;
/** Random bytes are fetched for so many ids at once: a call for each costs more than all the rest of it. */
const IDS_AT_ONCE = 256;

const pool = new Uint8Array(BYTES_OF_AN_ID * IDS_AT_ONCE);
let used = pool.length;

function randomBytes(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += BYTES_OF_AN_ID;
  return pool.subarray(used - BYTES_OF_AN_ID, used);
}

/**
 * Randomness of the machine. Ids are UUIDs of version 7: they begin with the time, so that rows that are made together stand together in the
 * indexes of a store.
 */
export const systemEntropy: Entropy = {
  random: () => Math.random(),
  id: () => v7({ rng: randomBytes }),
};
