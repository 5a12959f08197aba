/**
 * The form in which a text is stored. SQLite holds UTF-8, which cannot carry a lone surrogate (half of a cut emoji, say): such a text is stored
 * as a BLOB of its UTF-16 units, so that ids, names and keys stay distinct and messages come back as they were.
 */
export function toText(value: string): string | Buffer {
  return isWellFormed(value) ? value : Buffer.from(value, "utf16le");
}

/** {@link toText}, `NULL` when absent. */
export function toTextOrNull(value: string | undefined): string | Buffer | null {
  return value === undefined ? null : toText(value);
}

/** What {@link toText} was given. */
export function fromText(value: string | Buffer): string {
  return typeof value === "string" ? value : value.toString("utf16le");
}

function isWellFormed(value: string): boolean {
  // ES2024, in Node since 20; the compiler's library is ES2023.
  return (value as string & { isWellFormed(): boolean }).isWellFormed();
}
