import { randomUUID } from "node:crypto";
import type { Entropy } from "../traits/entropy.ts";

/** Randomness of the machine. */
export const systemEntropy: Entropy = {
  random: () => Math.random(),
  id: () => randomUUID(),
};
