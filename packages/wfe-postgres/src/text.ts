/** Stands before text that is stored escaped; text of a user that begins with it is, too. */
const ESCAPED = "\u0001";

/**
 * The form in which a text is stored. PostgreSQL holds UTF-8 without NUL, which can carry neither that nor a lone surrogate (half of a cut
 * emoji, say): such a text is stored as JSON behind a mark, so that ids, names and keys stay distinct and messages come back as they were.
 */
export function toText(value: string): string {
  return isWellFormed(value) && !value.includes("\0") && !value.startsWith(ESCAPED) ? value : ESCAPED + JSON.stringify(value);
}

/** {@link toText}, `NULL` when absent. */
export function toTextOrNull(value: string | undefined): string | null {
  return value === undefined ? null : toText(value);
}

/** What {@link toText} was given. */
export function fromText(value: string): string {
  if (!value.startsWith(ESCAPED)) return value;
  return JSON.parse(value.slice(1)) as string; // written by toText
}

function isWellFormed(value: string): boolean {
  // ES2024, in Node since 20; the compiler's library is ES2023.
  return (value as string & { isWellFormed(): boolean }).isWellFormed();
}
