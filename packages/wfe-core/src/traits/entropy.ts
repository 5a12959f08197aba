/** Randomness and new ids, as the engine gets them. */
export interface Entropy {
  /** Uniform, 0 (included) to 1 (excluded). */
  random(): number;
  /** A new id: globally unique, URL-safe, up to 64 characters; looks like a UUID. */
  id(): string;
}
